import { MusterError } from '#libs/contracts';
import { PLAIN_STATUS, type SaidAck } from './event.acknowledger.js';

/** What an orchestrator says on its WebSocket: an acknowledgement, or a `pong` that nobody waits for. */
export type SocketMessage = { readonly kind: 'ack'; readonly ack: SaidAck } | { readonly kind: 'pong' };

const MAX_ERROR_CHARACTERS = 2_000;
const STATUS = /^[\w.:-]{1,64}$/;

/** @throws MusterError `MALFORMED_JSON` or `VALIDATION_FAILED` with the field. */
export function readSocketMessage(text: string): SocketMessage {
  const { type, event_id: eventId, status = PLAIN_STATUS, error = null } = fieldsOf(text);
  if (type === 'pong') return { kind: 'pong' };
  if (type !== 'ack') throw invalid('type', 'must be "ack"');
  if (typeof eventId !== 'string') throw invalid('event_id', 'must be the id of an event');
  if (typeof status !== 'string' || !STATUS.test(status)) throw invalid('status', 'must be a short word');
  if (error !== null && (typeof error !== 'string' || error.length > MAX_ERROR_CHARACTERS || error.includes('\0'))) {
    throw invalid('error', `must be a text of at most ${MAX_ERROR_CHARACTERS} characters`);
  }
  return { kind: 'ack', ack: { event_id: eventId, status, error } };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (cause) {
    throw new MusterError('MALFORMED_JSON', 'The message is not JSON.', {}, { cause });
  }
  throw invalid('message', 'must be one JSON object');
}

function invalid(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
