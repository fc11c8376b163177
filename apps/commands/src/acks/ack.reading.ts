import { type CommandAckPayload, isUuid, PermanentMessageError, ROBOT_MESSAGES } from '#libs/contracts';
import type { InboundOf } from '#libs/jetstream';
import type { Static } from 'typebox';
import type { AckFact, AckWord } from '../ledger/command.state.js';

export type InboundAck = InboundOf<typeof ROBOT_MESSAGES.commandAck>;
type Payload = Static<typeof CommandAckPayload>;

/** What robots say, in any case, with "-" or blanks for "_" → the documents' word (decision B1). */
const WORDS: ReadonlyMap<string, AckWord> = new Map<string, AckWord>([
  ...['accepted', 'accept', 'ack', 'acked', 'acknowledged'].map((text) => [text, 'ACCEPTED'] as const),
  ...['rejected', 'reject'].map((text) => [text, 'REJECTED'] as const),
  ...['progress', 'in_progress', 'inprogress'].map((text) => [text, 'PROGRESS'] as const),
  ...['completed', 'complete', 'result', 'success', 'succeeded', 'done'].map((text) => [text, 'COMPLETED'] as const),
  ...['failed', 'fail', 'failure', 'error'].map((text) => [text, 'FAILED'] as const),
]);

/** Larger results stay in the stream of acknowledgements; the ledger keeps their size. */
const MAX_OUTCOME_BYTES = 64 * 1024;

/** The command that an acknowledgement speaks of: correlationId first, else the payload (decision B4). */
export function commandIdOf({ envelope }: InboundAck): string | undefined {
  const named = envelope.correlationId ?? envelope.payload.commandId;
  return isUuid(named) ? named.toLowerCase() : undefined;
}

/** @throws PermanentMessageError `PAYLOAD_INVALID` for a status that is no word of the documents. */
export function toAckFact(ack: InboundAck): AckFact {
  const { payload } = ack.envelope;
  return {
    type: 'ack',
    at: ack.receivedAt,
    robotId: ack.robotId,
    position: ack.position,
    word: wordOf(payload),
    progress: payload.progress ?? null,
    result: bounded(payload.result),
    error: bounded(payload.error),
  };
}

function wordOf({ status }: Payload): AckWord {
  const word = WORDS.get(
    status
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  );
  if (word) return word;
  throw new PermanentMessageError('PAYLOAD_INVALID', `"${status}" is no status of an acknowledgement.`);
}

function bounded(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const sizeBytes = Buffer.byteLength(JSON.stringify(value));
  return sizeBytes > MAX_OUTCOME_BYTES ? { truncated: true, sizeBytes } : value;
}
