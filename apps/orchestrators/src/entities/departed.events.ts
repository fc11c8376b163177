import { jetstreamManager } from '@nats-io/jetstream';
import { Injectable } from '@nestjs/common';
import { orchestratorEventSubject, type StreamName } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';

const STREAM: StreamName = 'ORCHESTRATOR_EVENTS';

/** What an entity's orchestrator was told while there was one. */
@Injectable()
export class DepartedEvents {
  constructor(private readonly broker: BrokerConnection) {}

  /** Takes it out of the stream: an entity that is made anew under the same id must not hear it. */
  async drop(entityId: string): Promise<void> {
    const manager = await jetstreamManager(this.broker.nc, { checkAPI: false });
    await manager.streams.purge(STREAM, { filter: orchestratorEventSubject(entityId) });
  }
}
