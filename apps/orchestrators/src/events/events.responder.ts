import { Controller } from '@nestjs/common';
import {
  ORCHESTRATOR_EVENTS_REQUESTS,
  type ConfigurationChange,
  type ConfigurationDto,
  type EventAckRequest,
  type StoredEventAck,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { AckRepository } from './ack.repository.js';
import { ConfigurationRepository } from './configuration.repository.js';
import { EventService } from './event.service.js';

@Controller()
export class EventsResponder {
  constructor(
    private readonly events: EventService,
    private readonly acks: AckRepository,
    private readonly configurations: ConfigurationRepository,
  ) {}

  @Answers(ORCHESTRATOR_EVENTS_REQUESTS.ack)
  async acknowledge(request: EventAckRequest): Promise<{ acknowledged: number }> {
    if (request.acks.length > 0) await this.events.acknowledge(request);
    return { acknowledged: request.acks.length };
  }

  @Answers(ORCHESTRATOR_EVENTS_REQUESTS.acks)
  async acksOf(request: { entity_id: string; event_ids: readonly string[] }): Promise<readonly StoredEventAck[]> {
    await this.events.requireEntity(request.entity_id);
    return this.acks.of(request.entity_id, request.event_ids);
  }

  @Answers(ORCHESTRATOR_EVENTS_REQUESTS.configure)
  configure(change: ConfigurationChange): Promise<ConfigurationDto> {
    return this.events.configure(change);
  }

  @Answers(ORCHESTRATOR_EVENTS_REQUESTS.configurations)
  async configurationsOf(request: { entity_id: string }): Promise<readonly ConfigurationDto[]> {
    await this.events.requireEntity(request.entity_id);
    return this.configurations.of(request.entity_id);
  }
}
