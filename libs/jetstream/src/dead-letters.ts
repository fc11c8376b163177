import type { JsMsg } from '@nats-io/jetstream';
import { headers as newHeaders } from '@nats-io/transport-node';
import { type ConsumerContract, deadLetterSubject, MESSAGE_HEADERS, type RejectReason } from '#libs/contracts';
import type { Origin } from './inbound.js';
import type { JetStreamPublisher } from './publisher.js';

/** A message that is given up, with everything needed to look at it and to try it again. */
export interface Refused {
  readonly message: JsMsg;
  readonly origin: Origin;
  readonly consumer: ConsumerContract;
  readonly reason: RejectReason;
  readonly explanation: string;
}

const MAX_EXPLANATION = 500;
const BROKER_HEADER = /^nats-/i;

/** Writes dead letters: the original payload and headers, plus why and from where. */
export class DeadLetters {
  constructor(private readonly publisher: JetStreamPublisher) {}

  /** Stores one dead letter; a repeat for the same message and consumer is the same dead letter. */
  async add({ message, origin, consumer, reason, explanation }: Refused): Promise<void> {
    const headers = newHeaders();
    for (const [name, values] of message.headers ?? []) {
      if (!BROKER_HEADER.test(name)) for (const value of values) headers.append(name, value);
    }
    const home = homeOf(consumer);
    headers.set(MESSAGE_HEADERS.reason, reason);
    headers.set(MESSAGE_HEADERS.message, oneLine(explanation));
    headers.set(MESSAGE_HEADERS.stream, home.stream);
    headers.set(MESSAGE_HEADERS.consumer, home.durable);
    headers.set(MESSAGE_HEADERS.subject, origin.subject);
    headers.set(MESSAGE_HEADERS.sequence, `${origin.position.epochMs}-${origin.position.sequence}`);
    headers.set(MESSAGE_HEADERS.receivedAt, origin.receivedAt.toISOString());
    headers.set(MESSAGE_HEADERS.deliveries, String(message.info.deliveryCount));
    await this.publisher.publish(deadLetterSubject(home.stream, home.durable), message.data, {
      messageId: `${consumer.durable}:${message.seq}`,
      headers,
    });
  }
}

/** A re-driven message that fails again goes back to the dead letters of the consumer it was meant for. */
function homeOf(consumer: ConsumerContract): { stream: string; durable: string } {
  if (consumer.stream !== 'REDRIVES') return consumer;
  const [, stream = '', durable = ''] = consumer.filter.split('.');
  return { stream, durable };
}

/** Header values end at a line break and hold ASCII safely. */
function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_EXPLANATION);
}
