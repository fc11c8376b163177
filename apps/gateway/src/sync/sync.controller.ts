import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Controller, Headers, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '#libs/auth';
import { COLLECTIONS, MusterError, parseInstant, ROUTES, type SyncChecksumDto } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { entityOf } from '../isolation/entity.access.js';
import { Endpoint } from '../http/route.decorator.js';
import {
  ChecksumQuery,
  ChecksumResponse,
  DeltaSyncQuery,
  DeltaSyncResponse,
  FullSyncQuery,
  FullSyncResponse,
} from './sync.dto.js';
import { SyncJournal } from './sync.journal.js';
import { SyncReader } from './sync.reader.js';
import { deltaText, fullSyncText } from './sync.text.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Of text that waits for a slow client, beside the part that is being read ahead. */
const STREAM_BUFFER_BYTES = 64 * 1024;
const NOT_MODIFIED = 304;

@ApiTags('orchestrators')
@Controller()
export class SyncController {
  constructor(
    private readonly reader: SyncReader,
    private readonly journal: SyncJournal,
  ) {}

  @Endpoint(ROUTES.orchestratorsSyncFull, {
    response: FullSyncResponse,
    errors: ['ENTITY_NOT_FOUND', 'ENTITY_ACCESS_DENIED'],
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The checksum that the caller has: 304 if so.' })
  @ApiResponse({ status: NOT_MODIFIED, description: 'The caller has this state.' })
  async full(
    @Query() { include, format }: FullSyncQuery,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<FastifyReply> {
    const record = this.journal.begin('full', principal);
    const start = await this.reader.startFull(entityOf(principal));
    const { entity_id, checksum, cursor, totals } = start;
    reply.header('etag', `"${checksum}"`).header('cache-control', 'private, no-cache');
    const whenRead = (): Promise<void> => this.reader.noteSynced(entity_id, principal.id);
    if (isKnown(known, checksum)) {
      await whenRead();
      return reply.status(NOT_MODIFIED).send();
    }
    // Nobody reads the body of an answer to HEAD, and all of it would be made.
    if (reply.request.method === 'HEAD') return reply.type(JSON_TYPE).send();
    const text = fullSyncText({
      syncId: `sync-full-${randomUUID()}`,
      start,
      include,
      read: (collection) => this.reader.records({ entity_id, cursor, collection, format }),
    });
    const names = new Set(include);
    const body = this.journal.follow(record, {
      text,
      records: [...names].reduce((sum, name) => sum + totals[name], 0),
      ...(names.size === COLLECTIONS.length && { whenRead }),
    });
    const options = { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES };
    return reply.type(JSON_TYPE).send(Readable.from(body, options));
  }

  @Endpoint(ROUTES.orchestratorsSyncDelta, {
    response: DeltaSyncResponse,
    errors: [
      'ENTITY_NOT_FOUND',
      'ENTITY_ACCESS_DENIED',
      'CURSOR_INVALID',
      'SYNC_CHECKSUM_MISMATCH',
      'SYNC_HISTORY_EXPIRED',
    ],
  })
  async delta(@Query() query: DeltaSyncQuery, @CurrentPrincipal() principal: Principal): Promise<StreamableFile> {
    const { since, cursor, local_checksum } = query;
    const record = this.journal.begin('delta', principal);
    if (since === undefined && cursor === undefined) throw positionMissing();
    const page = await this.reader.delta({
      entity_id: entityOf(principal),
      ...(since !== undefined && { since: new Date(parseInstant(since)).toISOString() }),
      ...(cursor !== undefined && { cursor }),
      ...(local_checksum !== undefined && { local_checksum }),
    });
    const text = deltaText(`sync-delta-${randomUUID()}`, page);
    record.sent(text);
    record.completed(page.count);
    return new StreamableFile(Buffer.from(text), { type: JSON_TYPE });
  }

  @Endpoint(ROUTES.orchestratorsSyncChecksum, {
    response: ChecksumResponse,
    errors: ['ENTITY_NOT_FOUND', 'ENTITY_ACCESS_DENIED'],
  })
  checksum(
    @Query() { local_checksum }: ChecksumQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SyncChecksumDto> {
    const entity_id = entityOf(principal);
    return this.reader.checksum({ entity_id, ...(local_checksum !== undefined && { local_checksum }) });
  }
}

/** Whether If-None-Match names the state; proxies mark a tag as weak, and some clients leave the quotes out. */
function isKnown(header: string | undefined, checksum: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''));
  return tags.includes(checksum);
}

function positionMissing(): MusterError {
  const problems = ['since or cursor is needed: the timestamp or the cursor of the sync before'];
  const fields = ['since', 'cursor'].map((field) => ({ field, problems }));
  return new MusterError('VALIDATION_FAILED', `A delta has no start: ${problems.join()}.`, { fields });
}
