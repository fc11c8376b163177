import { Injectable, Logger } from '@nestjs/common';
import {
  isEventId,
  ORCHESTRATORS_REQUESTS,
  type OrchestratorResyncReason,
  type StreamOpening as Opening,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { cursorAt, cursorOf, eventIdOf, NOWHERE } from './event.id.js';
import { EventStream } from './event.stream.js';
import type { StreamCaller } from './stream.caller.js';

/** Where a stream begins, found out before its first byte. */
export interface Place {
  /** What `connected` says: who is cut off before more came returns with it. */
  readonly resumeId: string;
  /** Where the engine goes on from. */
  readonly cursor: string;
  /** The id of that place. */
  readonly placeId: string;
  /** Set when nothing is replayed: the client is told to read everything anew, and goes on at the end of the stream. */
  readonly obstacle?: OrchestratorResyncReason | undefined;
  readonly offlineSince: string | null;
}

/** Decides where a stream goes on (decisions C10, C11). */
@Injectable()
export class StreamOpening {
  private readonly logger = new Logger('OrchestratorEvents');
  private isFailing = false;

  constructor(
    private readonly stream: EventStream,
    private readonly rpc: RpcClient,
  ) {}

  /** @throws MusterError `SERVICE_UNAVAILABLE` while the broker is away. */
  async placeOf(caller: StreamCaller, lastEventId: string | undefined): Promise<Place> {
    const [{ is_stale: isStale, offline_since: offlineSince }, head] = await Promise.all([
      this.openingOf(caller),
      this.stream.head(),
    ]);
    const { epochMs, lastSequence: sequence } = head;
    const end = { cursor: cursorAt({ epochMs, sequence }), placeId: eventIdOf({ epochMs, sequence }) };
    if (lastEventId === undefined && !isStale) return { ...end, resumeId: end.placeId, offlineSince };
    const found = cursorOf(lastEventId ?? NOWHERE, head);
    const obstacle = isStale ? 'offline_too_long' : found.obstacle;
    const resumeId = isEventId(lastEventId) ? lastEventId : NOWHERE;
    if (obstacle || !found.cursor) return { ...end, resumeId, obstacle, offlineSince };
    return { cursor: found.cursor, placeId: resumeId, resumeId, offlineSince };
  }

  /** Streams matter more than what is known of their callers: without an answer the caller counts as fresh. */
  private async openingOf({ orchestratorId }: StreamCaller): Promise<Opening> {
    try {
      const opening = await this.rpc.ask(ORCHESTRATORS_REQUESTS.opening, { assigned_id: orchestratorId });
      this.isFailing = false;
      return opening;
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ event: 'stream_openings_unknown', error });
      this.isFailing = true;
      return { offline_since: null, is_stale: false };
    }
  }
}
