import { Injectable } from '@nestjs/common';
import { MusterError, ORCHESTRATOR_EVENTS_REQUESTS, type EventAck } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { EventStream, type StoredEvent } from './event.stream.js';

/** What an acknowledgement says that says nothing of its own. */
export const PLAIN_STATUS = 'acknowledged';

/** Who acknowledges. */
export interface Acknowledging {
  readonly entityId: string;
  /** The assigned id. */
  readonly orchestratorId: string;
}

/** What is said of an event. */
export type SaidAck = Pick<EventAck, 'event_id' | 'status' | 'error'>;

/** Takes acknowledgements of events that the stream proves to be the entity's (decision C14). */
@Injectable()
export class EventAcknowledger {
  constructor(
    private readonly stream: EventStream,
    private readonly rpc: RpcClient,
  ) {}

  /** @throws MusterError `EVENT_NOT_FOUND`, the same for an unknown event and for one of another entity. */
  async acknowledge(by: Acknowledging, said: SaidAck): Promise<void> {
    const ack = await this.prove(by.entityId, said);
    if (!ack) {
      const message = `There is no event ${said.event_id.slice(0, 40)} of this entity.`;
      throw new MusterError('EVENT_NOT_FOUND', message, { event_id: said.event_id.slice(0, 40) });
    }
    await this.store(by, [ack]);
  }

  /** Takes those that are events of the entity and passes over the others; answers how many were taken. */
  async acknowledgeKnown(by: Acknowledging, said: readonly SaidAck[]): Promise<number> {
    const proven = await Promise.all(said.map((ack) => this.prove(by.entityId, ack)));
    const acks = proven.filter((ack) => ack !== undefined);
    if (acks.length > 0) await this.store(by, acks);
    return acks.length;
  }

  private async prove(entityId: string, said: SaidAck): Promise<EventAck | undefined> {
    const event = await this.stream.find(said.event_id);
    if (event?.entityId !== entityId) return undefined;
    const config = configurationOf(event);
    return { ...said, event: event.event, ...(config && { config }) };
  }

  private async store({ entityId, orchestratorId }: Acknowledging, acks: readonly EventAck[]): Promise<void> {
    const request = { entity_id: entityId, orchestrator_id: orchestratorId, acks };
    await this.rpc.ask(ORCHESTRATOR_EVENTS_REQUESTS.ack, request);
  }
}

function configurationOf({ event, data }: StoredEvent): EventAck['config'] {
  const { type, version } = data;
  if (event !== 'config_update' || typeof type !== 'string' || typeof version !== 'number') return undefined;
  return { type, version };
}
