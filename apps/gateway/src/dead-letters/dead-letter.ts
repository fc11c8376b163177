import type { MsgHdrs } from '@nats-io/transport-node';
import { MESSAGE_HEADERS } from '#libs/contracts';

/** A message of DEAD_LETTERS as the broker keeps it. */
export interface DeadLetter {
  /** In DEAD_LETTERS; the id that people use. */
  readonly sequence: number;
  readonly deadLetteredAt: Date;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

/** What a body is shown as. */
export interface ShownPayload {
  readonly payload: unknown;
  readonly payloadEncoding: 'json' | 'text' | 'base64';
  readonly payloadBytes: number;
  /** Only the beginning is shown, as text or base64. */
  readonly payloadTruncated: boolean;
}

const BROKER_HEADER = /^nats-/i;

/** The body as JSON if it is, else as text if it is, else as base64; of a longer body than `maxBytes` the beginning. */
export function showPayload(data: Uint8Array, maxBytes: number): ShownPayload {
  const payloadBytes = data.length;
  const payloadTruncated = payloadBytes > maxBytes;
  const shown = data.subarray(0, maxBytes);
  const text = toText(shown, payloadTruncated);
  if (text === undefined) {
    const payload = Buffer.from(shown).toString('base64');
    return { payload, payloadEncoding: 'base64', payloadBytes, payloadTruncated };
  }
  const parsed = payloadTruncated ? undefined : parseJson(text);
  return parsed === undefined
    ? { payload: text, payloadEncoding: 'text', payloadBytes, payloadTruncated }
    : { payload: parsed.value, payloadEncoding: 'json', payloadBytes, payloadTruncated };
}

/** The headers that are not the broker's own, name → values. */
export function shownHeaders(headers: MsgHdrs): Record<string, readonly string[]> {
  return Object.fromEntries([...headers].filter(([name]) => !BROKER_HEADER.test(name)));
}

/** A header of ours, by its name in `MESSAGE_HEADERS`; empty when it is missing. */
export function headerOf({ headers }: Pick<DeadLetter, 'headers'>, name: keyof typeof MESSAGE_HEADERS): string {
  return headers.get(MESSAGE_HEADERS[name]);
}

/** Of a cut body a last character that was cut through is left out. */
function toText(data: Uint8Array, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data, { stream: isCut });
  } catch {
    return undefined;
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
