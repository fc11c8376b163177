import { Injectable } from '@nestjs/common';
import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { CONSUMERS, MusterError, redriveSubject } from '#libs/contracts';
import { JetStreamPublisher } from '#libs/jetstream';
import { type DeadLetter, headerOf, shownHeaders } from './dead-letter.js';
import { DeadLetterStore } from './dead-letter.store.js';

export interface DeadLetterFilter {
  readonly stream?: string;
  readonly consumer?: string;
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetter[];
  readonly next: string | null;
}

const ID = /^[1-9]\d{0,15}$/;

/** What administrators do with messages that no handler could digest. */
@Injectable()
export class DeadLetterService {
  constructor(
    private readonly store: DeadLetterStore,
    private readonly publisher: JetStreamPublisher,
  ) {}

  /** Newest first; `after` is the id of the last one of the page before. */
  async list(filter: DeadLetterFilter, limit: number, after?: string): Promise<DeadLetterPage> {
    const before = after ? cursorOf(after) : undefined;
    const page = await this.store.newest((subject) => matches(subject, filter), limit, before);
    const items: DeadLetter[] = [];
    for (const sequence of page.sequences) {
      const letter = await this.store.find(sequence);
      if (letter) items.push(letter);
    }
    const last = page.sequences.at(-1);
    return { items, next: page.hasMore && last !== undefined ? String(last) : null };
  }

  /** @throws MusterError `DEAD_LETTER_NOT_FOUND` */
  async get(id: string): Promise<DeadLetter> {
    const letter = await this.store.find(sequenceOf(id));
    if (!letter) throw notFound(id);
    return letter;
  }

  /**
   * Gives a message back to the one consumer that refused it, at its original position. Deleted only after the broker
   * stored the copy: a crash between the two leaves it listed, and a second try within two minutes is one copy.
   */
  async redrive(id: string): Promise<void> {
    const letter = await this.get(id);
    const [stream, consumer] = [headerOf(letter, 'stream'), headerOf(letter, 'consumer')];
    if (!isConsumer(stream, consumer)) {
      throw new MusterError('VALIDATION_FAILED', `Nobody would receive it: there is no consumer "${consumer}" now.`, {
        stream,
        consumer,
      });
    }
    const headers = originalHeaders(letter);
    await this.publisher.publish(redriveSubject(stream, consumer), letter.data, {
      messageId: `redrive-${id}`,
      headers,
    });
    await this.store.delete(letter.sequence);
  }

  /** @throws MusterError `DEAD_LETTER_NOT_FOUND` */
  async delete(id: string): Promise<void> {
    if (!(await this.store.delete(sequenceOf(id)))) throw notFound(id);
  }
}

function matches(subject: string, { stream, consumer }: DeadLetterFilter): boolean {
  const [, itsStream = '', itsConsumer = ''] = subject.split('.', 3);
  return (stream ?? itsStream) === itsStream && (consumer ?? itsConsumer) === itsConsumer;
}

function isConsumer(stream: string, durable: string): boolean {
  return Object.values(CONSUMERS).some((consumer) => consumer.stream === stream && consumer.durable === durable);
}

function originalHeaders({ headers }: DeadLetter): MsgHdrs {
  const original = newHeaders();
  for (const [name, values] of Object.entries(shownHeaders(headers))) {
    for (const value of values) original.append(name, value);
  }
  return original;
}

function sequenceOf(id: string): number {
  if (!ID.test(id)) throw notFound(id);
  return Number(id);
}

function cursorOf(after: string): number {
  if (!ID.test(after)) throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a page of dead letters.');
  return Number(after);
}

function notFound(id: string): MusterError {
  return new MusterError('DEAD_LETTER_NOT_FOUND', `There is no dead letter "${id.slice(0, 80)}".`, {
    deadLetterId: id.slice(0, 80),
  });
}
