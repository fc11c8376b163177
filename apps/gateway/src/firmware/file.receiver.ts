import { createHash, randomUUID } from 'node:crypto';
import type { MultipartFile } from '@fastify/multipart';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MusterError, type StoredFile } from '#libs/contracts';
import { FileBucket } from '#libs/jetstream';
import { readPatiently } from '#libs/platform';
import { FirmwareEdgeSettings } from './firmware-edge.settings.js';

/** A form with one file: its texts by their names, several of one name in a list, and where the file was put. */
export interface ReceivedForm {
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly file: StoredFile;
}

interface Opened {
  readonly texts: Map<string, string[]>;
  file?: StoredFile;
}

const FILE_FIELD = 'file';
/** Beyond the file: texts and boundaries. */
const FORM_BYTES = 8 * 1_048_576;
/** When the outcome of a question is not known, what was stored may be in use. */
const UNKNOWN_OUTCOMES: ReadonlySet<string> = new Set(['NETWORK_TIMEOUT', 'SERVICE_UNAVAILABLE', 'OVERLOADED']);

/** Streams the file of a form into the object store, whatever the order of the parts. */
@Injectable()
export class FileReceiver {
  constructor(
    private readonly files: FileBucket,
    private readonly settings: FirmwareEdgeSettings,
  ) {}

  /**
   * Reads a whole form and hands it to `use`, which answers whether the file is needed. When anything fails, the file is
   * dropped; what a crash leaves behind the service sweeps.
   * @throws MusterError `UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE`, `VALIDATION_FAILED`
   */
  async receive<T>(
    request: FastifyRequest,
    use: (form: ReceivedForm) => Promise<{ readonly answer: T; readonly isNeeded: boolean }>,
  ): Promise<T> {
    const opened: Opened = { texts: new Map() };
    const impatiently = readPatiently(request.raw);
    try {
      const form = await this.read(request, opened);
      const { answer, isNeeded } = await use(form);
      if (!isNeeded) await this.drop(opened);
      return answer;
    } catch (error) {
      // The rest of the body is let through, so that the client comes to read the answer.
      request.raw.unpipe().resume();
      const known = toFormError(error);
      if (!(known instanceof MusterError && UNKNOWN_OUTCOMES.has(known.code))) await this.drop(opened);
      throw known;
    } finally {
      impatiently();
    }
  }

  private async read(request: FastifyRequest, opened: Opened): Promise<ReceivedForm> {
    if (!request.isMultipart()) {
      throw new MusterError('UNSUPPORTED_MEDIA_TYPE', 'Send a form: Content-Type: multipart/form-data.');
    }
    if (Number(request.headers['content-length'] ?? 0) > this.settings.maxBytes + FORM_BYTES) throw this.tooLarge();
    for await (const part of request.parts()) {
      if (part.type === 'file') await this.store(part, opened);
      else keep(opened.texts, part.fieldname, part.value);
    }
    if (!opened.file) throw invalid('file', 'is missing: send the binary as the form field "file"');
    return { fields: toFields(opened.texts), file: opened.file };
  }

  private async store({ fieldname, file }: MultipartFile, opened: Opened): Promise<void> {
    if (fieldname !== FILE_FIELD) throw invalid(fieldname, 'must be a text; the file goes into the field "file"');
    if (opened.file) throw invalid('file', 'must be one file');
    const hash = createHash('sha256');
    const { name, sizeBytes } = await this.files.put(`upload-${randomUUID()}`, this.limited(file, hash));
    opened.file = { object_name: name, size_bytes: sizeBytes, checksum: `sha256:${hash.digest('hex')}` };
    if (sizeBytes === 0) throw invalid('file', 'must not be empty');
  }

  private async *limited(
    file: AsyncIterable<Buffer>,
    hash: { update(chunk: Buffer): unknown },
  ): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    for await (const chunk of file) {
      sizeBytes += chunk.length;
      if (sizeBytes > this.settings.maxBytes) throw this.tooLarge();
      hash.update(chunk);
      yield chunk;
    }
  }

  private async drop({ file }: Opened): Promise<void> {
    // What cannot be dropped now is swept later.
    if (file) await this.files.delete(file.object_name).catch(() => undefined);
  }

  private tooLarge(): MusterError {
    return new MusterError('PAYLOAD_TOO_LARGE', `A firmware file has at most ${this.settings.maxBytes} bytes.`, {
      max_bytes: this.settings.maxBytes,
    });
  }
}

function keep(texts: Map<string, string[]>, name: string, value: unknown): void {
  const values = texts.get(name) ?? [];
  values.push(typeof value === 'string' ? value : JSON.stringify(value));
  texts.set(name, values);
}

function toFields(texts: ReadonlyMap<string, readonly string[]>): Record<string, string | readonly string[]> {
  const fields: Record<string, string | readonly string[]> = {};
  for (const [name, values] of texts) fields[name] = values.length > 1 ? values : (values[0] ?? '');
  return fields;
}

function invalid(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}

/** What is wrong with a form is the caller's fault, whoever of the parsers found it. */
function toFormError(error: unknown): unknown {
  if (error instanceof MusterError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code.endsWith('_LIMIT') || code === 'FST_REQ_FILE_TOO_LARGE') {
    return new MusterError('PAYLOAD_TOO_LARGE', `The form is too large: ${error.message}.`, {}, { cause: error });
  }
  const isOfParser = code.startsWith('FST_') || code === 'ERR_STREAM_PREMATURE_CLOSE' || isOfBusboy(error);
  return isOfParser ? invalid('body', `is no form that can be read: ${error.message}`) : error;
}

/** Busboy's errors have no codes; its needle is the boundary. */
const isOfBusboy = ({ message }: Error): boolean => /multipart|boundary|needle|malformed|part/i.test(message);
