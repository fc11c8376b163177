import { isUtf8 } from 'node:buffer';
import { Compile, type Validator } from 'typebox/compile';
import type { Static, TSchema } from 'typebox';
import { type Envelope, PAYLOAD_VERSION, parseInstant } from './envelope.js';
import { PermanentMessageError } from '../errors.js';
import { growthOfNumbers } from './json-numbers.js';
import type { MessageContract } from './messages.js';
import { robotIdOf } from '../subjects.js';

/** Deeper JSON overflows the stack of whoever prints or stores it later. */
export const MAX_JSON_DEPTH = 64;

/** A message that passed every check, with the text as it came. */
export interface DecodedMessage<P> {
  readonly robotId: string;
  readonly envelope: Envelope<P>;
  /** The envelope byte for byte, for storage. */
  readonly text: string;
}

/** Keyed by the contract object; contracts are constants, so the map is as large as their number. */
const validators = new WeakMap<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  const known = validators.get(schema);
  if (known) return known;
  const compiled = Compile(schema);
  validators.set(schema, compiled);
  return compiled;
}

/**
 * Checks one message of the wire: UTF-8 JSON of bounded depth, the envelope, and that subject, `robotId` and `type`
 * agree (the subject is what the broker's permissions protect, decision A9).
 * @throws PermanentMessageError with the reason; the same bytes can never pass later.
 */
export function decodeMessage<P extends TSchema>(
  contract: MessageContract<P>,
  subject: string,
  data: Uint8Array,
): DecodedMessage<Static<P>> {
  const robotId = robotIdOf(subject);
  if (robotId === undefined)
    throw new PermanentMessageError('ROBOT_ID_INVALID', `Subject ${subject} names no valid robot id.`);
  const { text, value } = parseJson(data);
  requireSize(data.length + growthOfNumbers(text), contract.maxBytes);
  const envelope = checkEnvelope(contract, value);
  if (envelope.robotId !== robotId) {
    throw new PermanentMessageError(
      'ROBOT_MISMATCH',
      `The body says ${envelope.robotId.slice(0, 80)}, the subject ${robotId}.`,
    );
  }
  return { robotId, envelope, text };
}

function parseJson(data: Uint8Array): { text: string; value: unknown } {
  if (!isUtf8(data)) throw new PermanentMessageError('MALFORMED_JSON', 'The body is not UTF-8.');
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) {
    throw new PermanentMessageError('TOO_DEEP', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  try {
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    throw new PermanentMessageError('MALFORMED_JSON', 'The body is not JSON.', { cause });
  }
}

/** What is stored must be readable: in one statement, in one reply, as a number. */
function requireSize(sizeBytes: number, maxBytes: number): void {
  if (sizeBytes === Infinity) {
    throw new PermanentMessageError('NOT_STORABLE', 'A number is beyond the range of doubles.');
  }
  if (sizeBytes > maxBytes) {
    const problem = `The message has ${sizeBytes} bytes with its numbers written out; at most ${maxBytes}.`;
    throw new PermanentMessageError('PAYLOAD_INVALID', problem);
  }
}

/** Whether brackets outside of strings ever nest deeper than `limit`. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  return count(text, '{', limit) + count(text, '[', limit) > limit && scanDepth(text, limit);
}

/** How often `character` stands in the text, counted up to `limit + 1`: native search, so that most texts need no scan. */
function count(text: string, character: string, limit: number): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0 && found <= limit; at = text.indexOf(character, at + 1)) found++;
  return found;
}

function scanDepth(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > limit) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

function checkEnvelope<P extends TSchema>(contract: MessageContract<P>, value: unknown): Envelope<Static<P>> {
  if (isEnvelope(contract, value)) {
    if (Number.isNaN(parseInstant(value.sentAt))) {
      throw new PermanentMessageError('ENVELOPE_INVALID', 'sentAt is no ISO 8601 instant.');
    }
    return value;
  }
  throw refusal(contract, value);
}

function isEnvelope<P extends TSchema>(contract: MessageContract<P>, value: unknown): value is Envelope<Static<P>> {
  return validatorOf(contract.envelope).Check(value);
}

function refusal(contract: MessageContract, value: unknown): PermanentMessageError {
  if (isRecord(value)) {
    if ('payloadVersion' in value && value['payloadVersion'] !== PAYLOAD_VERSION) {
      return new PermanentMessageError('VERSION_UNSUPPORTED', `payloadVersion must be ${PAYLOAD_VERSION}.`);
    }
    if (typeof value['type'] === 'string' && value['type'] !== contract.type) {
      return new PermanentMessageError(
        'TYPE_MISMATCH',
        `Type ${value['type'].slice(0, 80)} does not travel on ${contract.subject}.`,
      );
    }
  }
  const [first] = validatorOf(contract.envelope).Errors(value);
  const path = first?.instancePath ?? '';
  const reason = path.startsWith('/payload/') ? 'PAYLOAD_INVALID' : 'ENVELOPE_INVALID';
  return new PermanentMessageError(reason, `${path || 'The envelope'} ${first?.message ?? 'is not valid'}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
