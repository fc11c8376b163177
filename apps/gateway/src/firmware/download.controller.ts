import { Readable } from 'node:stream';
import { Controller, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import {
  FIRMWARE_REQUESTS,
  HTTP_HEADERS,
  MusterError,
  requireTokenId,
  ROUTES,
  type FirmwareFileDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { Endpoint } from '../http/route.decorator.js';
import { allowsRange, type ByteRange, isKnownTag, parseRange } from './byte.range.js';
import { FileSender, type FilePart } from './file.sender.js';
import { FirmwareDisk } from './firmware.disk.js';
import { downloadedBytes } from './firmware.metrics.js';

const BINARY = 'application/octet-stream';
const DOWNLOAD = {
  content: { [BINARY]: '<binary>' },
  errors: ['FIRMWARE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'],
} as const;

/** Sends firmware files, whole or in part, from this gateway's disk. */
@ApiTags('firmware')
@Controller()
export class DownloadController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly disk: FirmwareDisk,
    private readonly sender: FileSender,
  ) {}

  @Endpoint(ROUTES.firmwareDownload, DOWNLOAD)
  @ApiHeader({ name: 'Range', required: false, description: 'One range of bytes; ends beyond the file are clamped.' })
  @ApiHeader({ name: 'If-Range', required: false, description: 'The ETag of a download that is resumed.' })
  @ApiResponse({ status: 206, description: 'The bytes of the range, with Content-Range.' })
  @ApiResponse({ status: 304, description: 'The file is the one of If-None-Match.' })
  async download(
    @Param('firmwareId') firmwareId: string,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { scope, roles } = principal;
    const reader = { entity_id: scope?.entityId ?? null, sees_all: roles.includes('admin') };
    const firmware_id = requireTokenId(firmwareId, 'firmware_id');
    const file = await this.rpc.ask(FIRMWARE_REQUESTS.file, { firmware_id, reader });
    const etag = `"${file.checksum}"`;
    describe(reply, file, etag);
    if (isKnownTag(request.headers['if-none-match'], etag)) await reply.status(304).send();
    else await this.answer(request, reply, file, rangeOf(request, file, etag));
  }

  @Endpoint(ROUTES.firmwaresDownload, DOWNLOAD)
  downloadAlso(
    @Param('firmwareId') firmwareId: string,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.download(firmwareId, principal, request, reply);
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    file: FirmwareFileDto,
    range: ByteRange,
  ): Promise<void> {
    const { size_bytes } = file;
    if (range.kind === 'unsatisfiable') {
      void reply.header('content-range', `bytes */${size_bytes}`);
      throw new MusterError('RANGE_NOT_SATISFIABLE', `The file has ${size_bytes} bytes.`, { size_bytes });
    }
    const { start, end } = range.kind === 'part' ? range : { start: 0, end: size_bytes - 1 };
    if (range.kind === 'part') reply.status(206).header('content-range', `bytes ${start}-${end}/${size_bytes}`);
    void reply.type(BINARY).header('content-length', end - start + 1);
    // An empty stream: without a body, Fastify would make the length of a HEAD's answer zero.
    if (request.method === 'HEAD') await reply.send(Readable.from([]));
    else await this.send(reply, file, { start, end });
  }

  /** Fastify lets go of the answer: it would take new memory for each piece of the file. */
  private async send(reply: FastifyReply, file: FirmwareFileDto, part: FilePart): Promise<void> {
    const handle = await this.disk.open(file);
    try {
      reply.hijack();
      reply.raw.writeHead(reply.statusCode, keptHeaders(reply));
      downloadedBytes.inc(await this.sender.send(reply.raw, handle, part));
    } finally {
      await handle.close();
    }
  }
}

/** What the hooks have set so far. */
function keptHeaders(reply: FastifyReply): Record<string, string | number | string[]> {
  const entries = Object.entries(reply.getHeaders());
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function rangeOf({ headers }: FastifyRequest, { size_bytes }: FirmwareFileDto, etag: string): ByteRange {
  const ifRange = headers['if-range'];
  const stands = allowsRange(typeof ifRange === 'string' ? ifRange : undefined, etag);
  return stands ? parseRange(headers.range, size_bytes) : { kind: 'whole' };
}

function describe(reply: FastifyReply, file: FirmwareFileDto, etag: string): void {
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-disposition': `attachment; filename="${file.filename}"`,
    [HTTP_HEADERS.firmwareChecksum]: file.checksum,
    [HTTP_HEADERS.firmwareDevice]: file.target,
    ...(file.version === null ? {} : { [HTTP_HEADERS.firmwareVersion]: file.version }),
    ...(file.signature === null ? {} : { [HTTP_HEADERS.firmwareSignature]: file.signature }),
    ...(file.signing_key_id === null ? {} : { [HTTP_HEADERS.signingKeyId]: file.signing_key_id }),
  });
}
