import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MusterError } from '#libs/contracts';
import { tooLarge, type Upload } from './import.batches.js';
import { ImportsSettings } from './imports.settings.js';
import { JsonMallSplitter } from './json-mall.splitter.js';
import { NdjsonSplitter } from './ndjson.splitter.js';
import type { RowSplitter } from './row.splitter.js';
import { readUpload } from './upload.body.js';

const SPLITTERS: ReadonlyMap<string, () => RowSplitter> = new Map<string, () => RowSplitter>([
  ['application/json', () => new JsonMallSplitter()],
  ['application/x-ndjson', () => new NdjsonSplitter()],
  ['application/ndjson', () => new NdjsonSplitter()],
]);

/** Decides whether and how an upload is read, before anything of it is. */
@Injectable()
export class UploadIntake {
  constructor(private readonly settings: ImportsSettings) {}

  /** @throws MusterError `UNSUPPORTED_MEDIA_TYPE` also when it is compressed, `PAYLOAD_TOO_LARGE` */
  open(request: FastifyRequest): Omit<Upload, 'entityId'> {
    const { maxBytes } = this.settings;
    const splitter = SPLITTERS.get(request.uploadType ?? '')?.();
    if (!splitter) throw unsupported('An upload is application/json or application/x-ndjson.');
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw unsupported('An upload must not be compressed.');
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      throw new MusterError('PAYLOAD_TOO_LARGE', tooLarge(maxBytes), { limitBytes: maxBytes });
    }
    return { body: readUpload(request), splitter, maxBytes };
  }
}

function unsupported(message: string): MusterError {
  return new MusterError('UNSUPPORTED_MEDIA_TYPE', message);
}
