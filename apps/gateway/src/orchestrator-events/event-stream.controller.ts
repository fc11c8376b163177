import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { HTTP_HEADERS, MusterError, ROUTES } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { Endpoint, type EndpointOptions } from '../http/route.decorator.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';
import { SseTransport } from './sse.transport.js';
import { streamCallerOf } from './stream.caller.js';
import { StreamOpening } from './stream.opening.js';

const EXAMPLE = 'event: ping\nid: evt-123461\ndata: {"timestamp":"2025-01-08T10:40:00Z"}\n\n';
const DOCUMENTED: EndpointOptions = {
  content: { 'text/event-stream': EXAMPLE },
  errors: ['ENTITY_ACCESS_DENIED', 'NOT_ACCEPTABLE'],
};
const ACCEPTED = /text\/event-stream|text\/\*|\*\/\*/i;

class EventStreamQuery {
  @ApiPropertyOptional({ description: 'Like the header `Last-Event-ID`, where none can be sent; the header wins.' })
  @IsOptional()
  @IsString()
  last_event_id?: string;
}

/** Server-Sent Events of an entity (orchestrators.txt 2). */
@ApiTags('orchestrators')
@Controller()
export class EventStreamController {
  constructor(
    private readonly opening: StreamOpening,
    private readonly sessions: OrchestratorSessions,
  ) {}

  @Endpoint(ROUTES.orchestratorsEvents, DOCUMENTED)
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Where to go on.' })
  stream(
    @CurrentPrincipal() principal: Principal,
    @Query() query: EventStreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.open(principal, query, request, reply);
  }

  /** navign's guide appends the path to `sync_endpoints.events`, which is the whole URL. */
  @Endpoint(ROUTES.orchestratorsEventsAppended, DOCUMENTED)
  streamAppended(
    @CurrentPrincipal() principal: Principal,
    @Query() query: EventStreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.open(principal, query, request, reply);
  }

  private async open(
    principal: Principal,
    query: EventStreamQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    requireGet(request);
    requireAcceptable(request.headers.accept);
    this.sessions.requireOpen();
    const caller = streamCallerOf(principal);
    const place = await this.opening.placeOf(caller, lastEventIdOf(request, query));
    if (reply.raw.destroyed) return;
    await this.sessions.serve(caller, SseTransport.start(reply), place);
  }
}

function lastEventIdOf({ headers }: FastifyRequest, query: EventStreamQuery): string | undefined {
  const header = headers[HTTP_HEADERS.lastEventId];
  const shown = typeof header === 'string' && header !== '' ? header : query.last_event_id;
  return shown === '' ? undefined : shown;
}

/** Fastify answers HEAD by the handler of GET, and a stream has no end to measure. */
function requireGet({ method }: FastifyRequest): void {
  if (method === 'GET') return;
  throw new MusterError('METHOD_NOT_ALLOWED', `${method} is not possible here; GET is.`, { allowed: ['GET'] });
}

function requireAcceptable(accept: string | undefined): void {
  if (accept === undefined || accept === '' || ACCEPTED.test(accept)) return;
  throw new MusterError('NOT_ACCEPTABLE', 'This is text/event-stream, which Accept does not allow.');
}
