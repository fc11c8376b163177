import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { entityIdOf, type OrchestratorEvent, type StreamName } from '#libs/contracts';
import { eventIdOf } from '../../apps/gateway/src/orchestrator-events/event.id.js';
import { connectAdmin } from '../support/admin-connection.js';
import type { TestPlatform } from '../support/platform.js';

const STREAM: StreamName = 'ORCHESTRATOR_EVENTS';

/** An event as the stream keeps it. */
export interface KeptEvent {
  readonly id: string;
  readonly event: string;
  readonly data: any;
}

/** Everything that the stream keeps, by entity, in its order. */
export async function readStream(platform: TestPlatform): Promise<Map<string, KeptEvent[]>> {
  const nc = await connectAdmin(platform);
  try {
    const { created, state } = await (await jetstreamManager(nc)).streams.info(STREAM);
    const kept = new Map<string, KeptEvent[]>();
    if (state.messages === 0) return kept;
    const consumer = await jetstream(nc).consumers.get(STREAM, { deliver_policy: DeliverPolicy.All });
    for await (const message of await consumer.consume()) {
      const entityId = entityIdOf(message.subject) ?? '';
      const { event, data } = message.json<OrchestratorEvent>();
      const id = eventIdOf({ epochMs: Date.parse(created), sequence: message.seq });
      kept.set(entityId, [...(kept.get(entityId) ?? []), { id, event, data }]);
      if (message.seq >= state.last_seq) break;
    }
    return kept;
  } finally {
    await nc.close();
  }
}
