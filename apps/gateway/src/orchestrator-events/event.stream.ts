import { Injectable } from '@nestjs/common';
import { entityIdOf, isEventId, orchestratorEventSubject, type OrchestratorEvent } from '#libs/contracts';
import type { LiveMessage } from '../live/live.group.js';
import type { StreamHead } from '../live/progress.js';
import { StreamReader } from '../live/stream.reader.js';
import { EVENT_STREAM, readEvent } from './event.group.js';
import { eventIdOf, sequenceOf } from './event.id.js';

/** An event as the stream keeps it. */
export interface StoredEvent extends OrchestratorEvent {
  readonly eventId: string;
  readonly entityId: string;
  readonly storedAt: Date;
}

/** How many messages of all entities are looked through first; each next look goes four times as far back. */
const FIRST_LOOK = 512;
const GROWTH = 4;

/** Reads the stream of all entities' events: where it ends, one event, the newest of an entity. */
@Injectable()
export class EventStream {
  private asking: Promise<StreamHead> | undefined;

  constructor(private readonly streams: StreamReader) {}

  /**
   * Where the stream stands: one question for all who ask at one time, since hundreds come back together after a restart.
   * @throws MusterError `SERVICE_UNAVAILABLE` while the broker is away.
   */
  head(): Promise<StreamHead> {
    this.asking ??= this.streams.head(EVENT_STREAM).finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** One event by its id; undefined when there is none, or no longer. */
  async find(eventId: string): Promise<StoredEvent | undefined> {
    if (!isEventId(eventId)) return undefined;
    const { epochMs } = await this.head();
    const sequence = sequenceOf(eventId, epochMs);
    if (!sequence) return undefined;
    const message = await this.streams.at(EVENT_STREAM, sequence);
    return message && toStoredEvent(message, eventIdOf({ epochMs, sequence }));
  }

  /** The newest events of an entity, newest first, at most `limit`; only those before `before` when it is given. */
  async newest(entityId: string, limit: number, before?: string): Promise<readonly StoredEvent[]> {
    const head = await this.head();
    const found: StoredEvent[] = [];
    let upTo = lastBefore(before, head);
    for (let look = FIRST_LOOK; found.length < limit && upTo >= Math.max(1, head.firstSequence); look *= GROWTH) {
      const after = Math.max(0, upTo - look);
      const events = await this.lastOf({ entityId, after, upTo, limit: limit - found.length }, head);
      found.push(...events.reverse());
      upTo = after;
    }
    return found;
  }

  /** The last `limit` events of a stretch, in their order. */
  private async lastOf(
    { entityId, limit, after, upTo }: { entityId: string; limit: number; after: number; upTo: number },
    { epochMs }: StreamHead,
  ): Promise<StoredEvent[]> {
    const filter = orchestratorEventSubject(entityId);
    const stretch = await this.streams.open({ stream: EVENT_STREAM, filter, after, upTo, newestOnly: false });
    const last: StoredEvent[] = [];
    try {
      for await (const message of stretch.messages()) {
        const event = toStoredEvent(message, eventIdOf({ epochMs, sequence: message.sequence }));
        if (event && last.push(event) > limit) last.shift();
      }
    } finally {
      await stretch.close();
    }
    return last;
  }
}

function lastBefore(eventId: string | undefined, { epochMs, lastSequence }: StreamHead): number {
  const sequence = isEventId(eventId) ? sequenceOf(eventId, epochMs) : undefined;
  return sequence === undefined ? lastSequence : Math.min(lastSequence, sequence - 1);
}

function toStoredEvent(message: LiveMessage, eventId: string): StoredEvent | undefined {
  const event = readEvent(message);
  const entityId = entityIdOf(message.subject);
  return event && entityId !== undefined ? { ...event, eventId, entityId, storedAt: message.receivedAt } : undefined;
}
