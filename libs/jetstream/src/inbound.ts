import type { JsMsg } from '@nats-io/jetstream';
import {
  type ConsumerContract,
  decodeMessage,
  type DecodedMessage,
  MESSAGE_HEADERS,
  type MessageContract,
  PermanentMessageError,
  robotIdOf,
} from '#libs/contracts';
import type { Static, TSchema } from 'typebox';

/**
 * Where a message stands in its stream. Sequences start again when a stream is made anew, so positions compare by the
 * stream's age first: a later `epochMs` is newer whatever the sequence.
 */
export interface StreamPosition {
  /** When the stream was created, milliseconds since 1970, broker's clock. */
  readonly epochMs: number;
  readonly sequence: number;
}

/** That a robot spoke: all that a headers-only consumer learns. */
export interface Arrival {
  readonly robotId: string;
  readonly subject: string;
  readonly position: StreamPosition;
  /** When the broker stored it. */
  readonly receivedAt: Date;
  /** 1 on the first try. */
  readonly deliveries: number;
}

/** A checked message of a robot. */
export interface Inbound<P> extends Arrival, DecodedMessage<P> {}

/** The payload type that a contract's handler receives. */
export type InboundOf<M extends MessageContract> = Inbound<Static<M['payload']>>;

/** A raw message together with where it came from first, also when it was re-driven from the dead letters. */
export interface Origin {
  readonly subject: string;
  readonly position: StreamPosition;
  readonly receivedAt: Date;
}

const NANOS_PER_MS = 1_000_000;

/** Origin of a message: its own delivery, or for a re-driven one what its headers say (only services publish there). */
export function originOf(message: JsMsg, consumer: ConsumerContract, epochMs: number): Origin {
  if (consumer.stream !== 'REDRIVES') {
    return {
      subject: message.subject,
      position: { epochMs, sequence: message.seq },
      receivedAt: new Date(Math.floor(message.info.timestampNanos / NANOS_PER_MS)),
    };
  }
  const header = (name: string): string => message.headers?.get(name) ?? '';
  const [epoch = '', sequence = ''] = header(MESSAGE_HEADERS.sequence).split('-');
  return {
    subject: header(MESSAGE_HEADERS.subject),
    position: { epochMs: Number(epoch), sequence: Number(sequence) },
    receivedAt: new Date(header(MESSAGE_HEADERS.receivedAt)),
  };
}

/** Reads the arrival alone, without looking at the body. */
export function toArrival(message: JsMsg, origin: Origin): Arrival {
  const robotId = robotIdOf(origin.subject);
  if (robotId === undefined) {
    throw new PermanentMessageError('ROBOT_ID_INVALID', `Subject ${origin.subject} names no valid robot id.`);
  }
  const { subject, position, receivedAt } = origin;
  return { robotId, subject, position, receivedAt, deliveries: message.info.deliveryCount };
}

/** Checks the body against its contract. @throws PermanentMessageError when it does not fit. */
export function toInbound<P extends TSchema>(
  contract: MessageContract<P>,
  message: JsMsg,
  origin: Origin,
): Inbound<Static<P>> {
  return {
    ...origin,
    ...decodeMessage(contract, origin.subject, message.data),
    deliveries: message.info.deliveryCount,
  };
}
