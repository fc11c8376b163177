import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { liveSubject, MESSAGE_HEADERS } from '#libs/contracts';
import type { Frame, LiveGroup, LiveMessage } from './live.group.js';

/** A stored message that reached a group, live or by replay. */
export interface ArrivedMessage extends LiveMessage {
  /** Index of the group's source. */
  readonly source: number;
  readonly sequence: number;
  /** Sequence of the message before it on the same subject; 0 when there is none or nobody said. */
  readonly previous: number;
}

const LIVE_PREFIX_LENGTH = liveSubject('').length;

/** Reads a re-emitted message; `undefined` when it does not say its sequence. */
export function toLiveMessage({ subject, headers, data }: Msg, source: number): ArrivedMessage | undefined {
  const sequence = Number(headers?.get('Nats-Sequence'));
  if (!Number.isSafeInteger(sequence) || sequence <= 0) return undefined;
  return {
    source,
    sequence,
    previous: Number(headers?.get('Nats-Last-Sequence')) || 0,
    subject: subject.slice(LIVE_PREFIX_LENGTH),
    data,
    receivedAt: instantOf(headers),
  };
}

/** Servers before 2.10 do not say when they stored it: then it was when it was published, or just now. */
function instantOf(headers: MsgHdrs | undefined): Date {
  const storedAtMs = Date.parse(headers?.get('Nats-Time-Stamp') ?? '');
  if (!Number.isNaN(storedAtMs)) return new Date(storedAtMs);
  const publishedAtMs = Number(headers?.get(MESSAGE_HEADERS.publishedAt));
  return new Date(publishedAtMs > 0 ? Math.min(publishedAtMs, Date.now()) : Date.now());
}

/** Makes the frame of a message; `undefined` when it is not fit for a client. `cursor` is asked only then. */
export function toFrame(group: LiveGroup, message: ArrivedMessage, cursor: () => string): Frame | undefined {
  const event = group.sources[message.source]?.read(message);
  if (!event) return undefined;
  const eventId = cursor();
  return {
    group: group.name,
    event: event.name,
    body: { ...event.payload, eventId },
    eventId,
    source: message.source,
    sequence: message.sequence,
    sizeBytes: message.data.length,
    newestOf: event.newestOf,
  };
}
