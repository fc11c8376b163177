import { Controller, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, ROUTES } from '#libs/contracts';
import { Endpoint } from '../http/route.decorator.js';
import { AuditEntryResponse, AuditQuery, toFilter, toPosition, toResponse } from './audit.dto.js';
import { AuditRepository } from './audit.repository.js';

@ApiTags('audit')
@Controller()
export class AuditController {
  constructor(private readonly repository: AuditRepository) {}

  @Endpoint(ROUTES.auditSearch, { response: [AuditEntryResponse], errors: ['CURSOR_INVALID'] })
  async search(
    @Query() query: AuditQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditEntryResponse[]> {
    const page = { filter: toFilter(query), before: toPosition(query.after), limit: query.limit + 1 };
    const found = await this.repository.find(page);
    const entries = found.slice(0, query.limit).map(toResponse);
    const last = entries.at(-1);
    if (found.length > query.limit && last) reply.header(HTTP_HEADERS.nextCursor, last.id);
    return entries;
  }
}
