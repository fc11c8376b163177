import Type, { type Static, type TSchema } from 'typebox';

/** The one version of the envelope that is spoken (decision B17). */
export const PAYLOAD_VERSION = 1;

/** A JSON object with any fields; unknown fields are kept. */
export const JsonObject = Type.Record(Type.String(), Type.Unknown());

/** Shape of any JSON object. */
export type JsonObject = Static<typeof JsonObject>;

/**
 * Schema of the envelope that every robot message travels in (robots.txt, "Envelope").
 * Fields beyond these are kept, not refused.
 */
export function envelopeOf<T extends string, P extends TSchema>(type: T, payload: P) {
  return Type.Object({
    payloadVersion: Type.Literal(PAYLOAD_VERSION),
    messageId: Type.String({ minLength: 1, maxLength: 128, description: 'UUID; unique per robot and type' }),
    robotId: Type.String({ description: 'the last token of the subject' }),
    sentAt: Type.String({
      minLength: 10,
      maxLength: 64,
      description: 'ISO 8601 by the sender’s clock; no zone means UTC',
    }),
    correlationId: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Null()])),
    type: Type.Literal(type),
    payload,
  });
}

/** An envelope as the sender wrote it. */
export interface Envelope<P = JsonObject> {
  readonly payloadVersion: typeof PAYLOAD_VERSION;
  readonly messageId: string;
  readonly robotId: string;
  readonly sentAt: string;
  readonly correlationId?: string | null;
  readonly type: string;
  readonly payload: P;
}

const HAS_ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/** Milliseconds since 1970 of an ISO instant; one without a zone is UTC (decision A18). `NaN` when it is none. */
export function parseInstant(text: string): number {
  return Date.parse(HAS_ZONE.test(text) ? text : `${text}Z`);
}
