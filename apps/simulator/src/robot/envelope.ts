import { randomUUID } from 'node:crypto';
import { type Envelope, type JsonObject, type MessageContract, PAYLOAD_VERSION, robotSubject } from '#libs/contracts';
import type { Clock } from '../clock.js';

/** A message on its way out, with everything that a repetition needs to be recognised. */
export interface OutgoingMessage {
  readonly type: string;
  readonly subject: string;
  readonly data: string;
  /** `<robotId>:<type>:<messageId>`: the broker drops a second copy. */
  readonly publishId: string;
}

/** Puts a payload into the one envelope of all robot messages (robots.txt, "Envelope rule"). */
export function seal(
  robotId: string,
  contract: MessageContract,
  content: { readonly payload: JsonObject; readonly correlationId?: string | null },
  clock: Clock,
): OutgoingMessage {
  const envelope: Envelope = {
    payloadVersion: PAYLOAD_VERSION,
    messageId: randomUUID(),
    robotId,
    sentAt: new Date(clock.nowMs()).toISOString(),
    correlationId: content.correlationId ?? null,
    type: contract.type,
    payload: content.payload,
  };
  return {
    type: contract.type,
    subject: robotSubject(contract.subject, robotId),
    data: JSON.stringify(envelope),
    publishId: `${robotId}:${contract.type}:${envelope.messageId}`,
  };
}
