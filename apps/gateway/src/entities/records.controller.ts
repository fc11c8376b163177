import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type ChangeDto,
  ENTITIES_REQUESTS,
  HTTP_HEADERS,
  parseInstant,
  type RecordRef,
  ROUTES,
  type WireRecord,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { ChangesQuery } from './entities.dto.js';
import { ChangeResponse, RecordResponse } from './entities.responses.js';
import {
  CollectionPath,
  type CollectionRef,
  EntityId,
  InCollection,
  OneRecord,
  RecordPath,
} from './path.parameters.js';
import { readRecord } from './record.reading.js';
import { RecordListQuery } from './records.dto.js';
import { wholePage } from './whole.page.js';

const ERRORS = ['ENTITY_NOT_FOUND', 'RECORD_NOT_FOUND'] as const;
const BODY = {
  schema: { type: 'object', additionalProperties: true, example: { id: 'area-1', name: 'Food court' } },
} as const;

/** Records of malls' maps: areas, beacons, merchants and connections. */
@ApiTags('entities')
@Controller()
export class RecordsController {
  constructor(private readonly rpc: RpcClient) {}

  @CollectionPath()
  @Endpoint(ROUTES.recordsList, { response: [RecordResponse], errors: [...ERRORS, 'CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [RecordResponse], headers: PAGE_HEADERS })
  async list(
    @InCollection() place: CollectionRef,
    @Query() { updated_since, ...paging }: RecordListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly WireRecord[]> {
    const since = updated_since && { updated_since: new Date(parseInstant(updated_since)).toISOString() };
    const { items, next } = await wholePage(paging, async (limit, after) => {
      const query = { ...place, limit, ...since, ...(after && { after }) };
      const page = await this.rpc.ask(ENTITIES_REQUESTS.listRecords, query);
      reply.header(HTTP_HEADERS.totalCount, page.total);
      return { items: page.records, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }

  @CollectionPath()
  @Endpoint(ROUTES.recordsCreate, { response: RecordResponse, status: 201, errors: [...ERRORS, 'RECORD_EXISTS'] })
  @ApiBody(BODY)
  create(
    @InCollection() place: CollectionRef,
    @JsonBody() body: object,
    @Caller() { requester, idempotencyKey }: KeyedRequester,
  ): Promise<WireRecord> {
    const { record_id, fields } = readRecord(body, place);
    return this.rpc.ask(ENTITIES_REQUESTS.createRecord, {
      ...place,
      fields,
      ...(record_id === undefined ? {} : { record_id }),
      ...(idempotencyKey === undefined ? {} : { idempotency_key: `${requester.by} ${idempotencyKey}` }),
    });
  }

  @RecordPath()
  @Endpoint(ROUTES.recordsGet, { response: RecordResponse, errors: ERRORS })
  get(@OneRecord() ref: RecordRef): Promise<WireRecord> {
    return this.rpc.ask(ENTITIES_REQUESTS.getRecord, ref);
  }

  /** 201 when there was none of that id, else 200. */
  @RecordPath()
  @Endpoint(ROUTES.recordsReplace, { response: RecordResponse, errors: ERRORS })
  @ApiBody(BODY)
  async replace(
    @OneRecord() ref: RecordRef,
    @JsonBody() body: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WireRecord> {
    const { fields } = readRecord(body, ref);
    const { created, record } = await this.rpc.ask(ENTITIES_REQUESTS.replaceRecord, { ...ref, fields });
    if (created) reply.status(CREATED);
    return record;
  }

  @RecordPath()
  @Endpoint(ROUTES.recordsDelete, { errors: ERRORS })
  async remove(@OneRecord() ref: RecordRef): Promise<void> {
    await this.rpc.ask(ENTITIES_REQUESTS.deleteRecord, ref);
  }

  @Endpoint(ROUTES.entitiesChanges, { response: [ChangeResponse], errors: ['ENTITY_NOT_FOUND', 'CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [ChangeResponse], headers: PAGE_HEADERS })
  async changes(
    @EntityId() entity_id: string,
    @Query() query: ChangesQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ChangeDto[]> {
    const { items, next } = await wholePage(query, async (limit, after) => {
      const page = await this.rpc.ask(ENTITIES_REQUESTS.changes, { entity_id, limit, ...(after && { after }) });
      return { items: page.changes, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }
}

const CREATED = 201;
