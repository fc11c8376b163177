import type { Frame } from '../live/live.group.js';
import { decodeCursor } from '../live/cursor.js';
import { EVENT_STREAMS } from './event.group.js';
import { eventIdOf, NOWHERE } from './event.id.js';

/** One event on its way out, written once in each protocol that somebody speaks. */
export class OutgoingEvent {
  private writtenSse: Buffer | undefined;
  private writtenFrame: string | undefined;
  private writtenPayload: Buffer | undefined;

  constructor(
    readonly event: string,
    readonly id: string,
    /** JSON on one line. */
    readonly json: string,
    readonly storedAtMs: number,
  ) {}

  /** As a block of `text/event-stream`. */
  get sse(): Buffer {
    this.writtenSse ??= Buffer.from(`event: ${this.event}\nid: ${this.id}\ndata: ${this.json}\n\n`);
    return this.writtenSse;
  }

  /** As a frame of the WebSocket (appendix B). */
  get frame(): string {
    this.writtenFrame ??= `{"type":"event","event":"${this.event}","id":"${this.id}","data":${this.json}}`;
    return this.writtenFrame;
  }

  /** As the payload of a gRPC event (appendix A). */
  get payload(): Buffer {
    this.writtenPayload ??= Buffer.from(this.json);
    return this.writtenPayload;
  }
}

/** Frame → what goes out; a live frame is one object for all who watch its entity. */
const written = new WeakMap<Frame, OutgoingEvent>();

export function outgoingOf(frame: Frame): OutgoingEvent {
  const known = written.get(frame);
  if (known) return known;
  const { data, storedAtMs } = frame.body;
  const at = typeof storedAtMs === 'number' ? storedAtMs : Date.now();
  const outgoing = new OutgoingEvent(frame.event, eventIdAt(frame.eventId), JSON.stringify(data), at);
  written.set(frame, outgoing);
  return outgoing;
}

/** The event id of one of the engine's own cursors. */
export function eventIdAt(cursor: string): string {
  const [position] = decodeCursor(EVENT_STREAMS, cursor) ?? [];
  return position ? eventIdOf(position) : NOWHERE;
}
