import { type JsonObject, PermanentMessageError, type RobotReportDto } from '#libs/contracts';
import type { Inbound, StreamPosition } from '#libs/jetstream';
import { contentHashOf } from './canonical-json.js';

/** A larger report, once merged into its robot, would not fit into one reply of the broker. */
const MAX_REPORT_BYTES = 256 * 1024;

/** What a robot said about itself, with what storing it needs. */
export interface Report<P extends JsonObject = JsonObject> extends RobotReportDto {
  readonly payload: P;
  /** The envelope byte for byte. */
  readonly text: string;
  readonly messageId: string;
  readonly position: StreamPosition;
  readonly contentHash: string;
}

/** `outdated`: something newer is stored already. `duplicate`: this very message is, and it is the newest. */
export type Outcome = 'stored' | 'duplicate' | 'outdated';

/** @throws PermanentMessageError for a payload that is too large or cannot come back as it went in */
export function toReport<P extends JsonObject>(inbound: Inbound<P>): Report<P> {
  requireReportSize(inbound);
  const { robotId, receivedAt, envelope, text, position } = inbound;
  const { messageId, payload } = envelope;
  return {
    robotId,
    receivedAt: receivedAt.toISOString(),
    payload,
    text,
    messageId,
    position,
    contentHash: contentHashOf(payload),
  };
}

/** @throws PermanentMessageError with both sizes */
export function requireReportSize({ text }: { readonly text: string }): void {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= MAX_REPORT_BYTES) return;
  throw new PermanentMessageError(
    'PAYLOAD_INVALID',
    `The message has ${sizeBytes} bytes; at most ${MAX_REPORT_BYTES}.`,
  );
}

/** Names one report in the ids of what follows from it: the same again after a redelivery. */
export function positionKey({ epochMs, sequence }: StreamPosition): string {
  return `${epochMs}-${sequence}`;
}
