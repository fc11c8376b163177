import { Readable } from 'node:stream';
import { Controller, Headers, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AccessLogDto, ROUTES } from '#libs/contracts';
import { EntityId } from '../entities/path.parameters.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { AccessLogReader } from './access-log.reader.js';
import { ACCESS_LOG_WRITERS, type AccessLogWriter, EXPORT_EXAMPLES } from './access-log.writer.js';
import { AccessLogExportQuery, AccessLogListQuery, AccessLogResponse, toFilter } from './access-logs.dto.js';

/** About one page waits for a client that reads slowly; the walk stands still meanwhile. */
const EXPORT_BUFFER_BYTES = 65_536;

/** Who opened what, for people. */
@ApiTags('access logs')
@Controller()
export class AccessLogsController {
  constructor(private readonly logs: AccessLogReader) {}

  @Endpoint(ROUTES.accessLogsSearch, { response: [AccessLogResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [AccessLogResponse], headers: PAGE_HEADERS })
  async search(
    @EntityId() entityId: string,
    @Query() { limit, after, ...filter }: AccessLogListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly AccessLogDto[]> {
    const page = { limit, ...(after && { after }) };
    const { items, next } = await this.logs.page(toFilter(entityId, filter), page);
    linkNext(request, reply, next);
    return items;
  }

  @Endpoint(ROUTES.accessLogsExport, { content: EXPORT_EXAMPLES })
  async export(
    @EntityId() entityId: string,
    @Query() query: AccessLogExportQuery,
    @Headers('accept') accept = '',
  ): Promise<StreamableFile> {
    const format = query.format ?? formatOf(accept);
    const writer = ACCESS_LOG_WRITERS[format];
    const pages = await this.logs.walk(toFilter(entityId, query));
    const body = Readable.from(textOf(writer, pages), { objectMode: false, highWaterMark: EXPORT_BUFFER_BYTES });
    const disposition = `attachment; filename="access-logs-${entityId}.${format}"`;
    return new StreamableFile(body, { type: writer.mediaType, disposition });
  }
}

const formatOf = (accept: string): 'csv' | 'ndjson' => (accept.includes('ndjson') ? 'ndjson' : 'csv');

/** A client that goes away ends this generator, and with it the walk. */
async function* textOf(writer: AccessLogWriter, pages: AsyncIterable<readonly AccessLogDto[]>): AsyncGenerator<string> {
  if (writer.header !== '') yield writer.header;
  for await (const logs of pages) if (logs.length > 0) yield writer.lines(logs);
}
