import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  ORCHESTRATOR_EVENTS_REQUESTS,
  requireTokenId,
  ROUTES,
  type ConfigurationDto,
  type EntityEventPage,
  type StoredEventAck,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { JsonBody } from '../http/edge.body.js';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { Endpoint } from '../http/route.decorator.js';
import { requireConfiguration } from './configuration.check.js';
import { EventStream, type StoredEvent } from './event.stream.js';
import { ConfigurationBody, ConfigurationResponse, EntityEventPageResponse, EntityEventsQuery } from './events.dto.js';

/** What people see and send of an entity's event stream. */
@ApiTags('entities')
@Controller()
export class EntityEventsController {
  constructor(
    private readonly stream: EventStream,
    private readonly rpc: RpcClient,
  ) {}

  @Endpoint(ROUTES.entitiesEvents, { response: EntityEventPageResponse, errors: ['ENTITY_NOT_FOUND'] })
  async recent(
    @Param('entityId') entityId: string,
    @Query() { limit, after }: EntityEventsQuery,
  ): Promise<EntityEventPage> {
    const stored = await this.stream.newest(requireTokenId(entityId, 'entity_id'), limit, after);
    const acks = await this.rpc.ask(ORCHESTRATOR_EVENTS_REQUESTS.acks, {
      entity_id: entityId,
      event_ids: stored.map(({ eventId }) => eventId),
    });
    return {
      events: stored.map((event) => toDto(event, acks)),
      next: stored.length === limit ? (stored.at(-1)?.eventId ?? null) : null,
    };
  }

  @Endpoint(ROUTES.entitiesConfig, { response: [ConfigurationResponse], errors: ['ENTITY_NOT_FOUND'] })
  configurations(@Param('entityId') entityId: string): Promise<readonly ConfigurationDto[]> {
    const request = { entity_id: requireTokenId(entityId, 'entity_id') };
    return this.rpc.ask(ORCHESTRATOR_EVENTS_REQUESTS.configurations, request);
  }

  @Endpoint(ROUTES.entitiesConfigure, {
    response: ConfigurationResponse,
    errors: ['ENTITY_NOT_FOUND', 'PAYLOAD_TOO_LARGE'],
  })
  configure(
    @Param('entityId') entityId: string,
    @JsonBody() { type, config, version }: ConfigurationBody,
    @Caller() { requester: { by }, idempotencyKey }: KeyedRequester,
  ): Promise<ConfigurationDto> {
    requireConfiguration(type, config);
    return this.rpc.ask(ORCHESTRATOR_EVENTS_REQUESTS.configure, {
      entity_id: requireTokenId(entityId, 'entity_id'),
      type,
      config,
      by,
      ...(version !== undefined && { version }),
      ...(idempotencyKey !== undefined && { idempotency_key: idempotencyKey }),
    });
  }
}

function toDto({ eventId, event, data, storedAt }: StoredEvent, acks: readonly StoredEventAck[]) {
  return {
    event_id: eventId,
    event,
    data,
    created_at: storedAt.toISOString(),
    acks: acks.filter(({ event_id: id }) => id === eventId).map(({ event_id: _id, ...ack }) => ack),
  };
}
