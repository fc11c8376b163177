import { Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type ImportDto,
  type ImportRef,
  type ImportRowDto,
  IMPORTS_REQUESTS,
  isUuid,
  MusterError,
  requireTokenId,
  ROUTES,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { EntityId, ImportPath } from '../entities/path.parameters.js';
import { wholePage } from '../entities/whole.page.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { Importer } from './importer.js';
import { ImportListQuery, ImportQuery, ImportRowsQuery } from './imports.dto.js';
import { ImportResponse, ImportRowResponse } from './imports.responses.js';
import { UploadIntake } from './upload.intake.js';

const ERRORS = ['ENTITY_NOT_FOUND'] as const;
const REF_ERRORS = ['IMPORT_NOT_FOUND'] as const;
const RECORDS = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const BODY = {
  description: 'A whole mall as one JSON object, or one record on each line with its `collection` or `type`.',
  schema: {
    type: 'object',
    properties: { areas: RECORDS, beacons: RECORDS, merchants: RECORDS, connections: RECORDS },
    example: { areas: [{ id: 'area-1', name: 'Food court' }], beacons: [{ id: 'beacon-3', area_id: 'area-1' }] },
  },
} as const;

/** Bulk imports of records. */
@ApiTags('entities')
@Controller()
export class ImportsController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly importer: Importer,
    private readonly intake: UploadIntake,
  ) {}

  /** Answers when the upload is stored; whoever wants to see it run reads it by the list meanwhile. */
  @Endpoint(ROUTES.importsCreate, { response: ImportResponse, errors: [...ERRORS, 'REQUEST_TIMEOUT'] })
  @ApiConsumes('application/json', 'application/x-ndjson')
  @ApiBody(BODY)
  async create(
    @EntityId() entityId: string,
    @Query() { mode }: ImportQuery,
    @Caller() { requester }: KeyedRequester,
    @Req() request: FastifyRequest,
  ): Promise<ImportDto> {
    return this.importer.run({ entityId, ...this.intake.open(request) }, { mode, by: requester.by });
  }

  @Endpoint(ROUTES.importsList, { response: [ImportResponse], errors: [...ERRORS, 'CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [ImportResponse], headers: PAGE_HEADERS })
  async list(
    @EntityId() entity_id: string,
    @Query() query: ImportListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ImportDto[]> {
    const { items, next } = await wholePage(query, async (limit, after) => {
      const page = await this.rpc.ask(IMPORTS_REQUESTS.list, { entity_id, limit, ...(after && { after }) });
      return { items: page.imports, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }

  @ImportPath()
  @Endpoint(ROUTES.importsGet, { response: ImportResponse, errors: REF_ERRORS })
  get(@Param() params: Record<string, unknown>): Promise<ImportDto> {
    return this.rpc.ask(IMPORTS_REQUESTS.get, requireRef(params));
  }

  @ImportPath()
  @Endpoint(ROUTES.importsRows, { response: [ImportRowResponse], errors: [...REF_ERRORS, 'CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [ImportRowResponse], headers: PAGE_HEADERS })
  async rows(
    @Param() params: Record<string, unknown>,
    @Query() { result, ...paging }: ImportRowsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ImportRowDto[]> {
    const ref = requireRef(params);
    const { items, next } = await wholePage(paging, async (limit, after) => {
      const query = { ...ref, limit, ...(after && { after }), ...(result && { result }) };
      const page = await this.rpc.ask(IMPORTS_REQUESTS.rows, query);
      return { items: page.rows, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }
}

/** An id that cannot be one is as unknown as one that was never given out. */
function requireRef({ entityId, importId }: Readonly<Record<string, unknown>>): ImportRef {
  const entity_id = requireTokenId(entityId, 'entity_id');
  if (isUuid(importId)) return { entity_id, import_id: importId };
  throw new MusterError('IMPORT_NOT_FOUND', 'There is no import of that id.', { entity_id });
}
