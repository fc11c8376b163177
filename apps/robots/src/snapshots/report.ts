import { contentHashOf, type JsonObject, type RobotReportDto } from '#libs/contracts';
import type { Inbound, StreamPosition } from '#libs/jetstream';

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

/** A checked message in the form that is stored. */
export function toReport<P extends JsonObject>(inbound: Inbound<P>): Report<P> {
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

/** Names one report in the ids of what follows from it: the same again after a redelivery. */
export function positionKey({ epochMs, sequence }: StreamPosition): string {
  return `${epochMs}-${sequence}`;
}
