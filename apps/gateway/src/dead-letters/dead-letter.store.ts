import { Injectable } from '@nestjs/common';
import {
  DeliverPolicy,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { MusterError, type StreamName } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import type { DeadLetter } from './dead-letter.js';

export interface Page {
  /** Newest first. */
  readonly sequences: readonly number[];
  readonly hasMore: boolean;
}

const STREAM: StreamName = 'DEAD_LETTERS';
const TIMEOUT_MS = 5_000;
const FIRST_WINDOW = 256;
const GROWTH = 4;

/** Whether a dead letter of this subject is meant. */
type IsWanted = (subject: string) => boolean;

/** The DEAD_LETTERS stream. A stream reads forwards only, so the newest are found in windows that grow backwards. */
@Injectable()
export class DeadLetterStore {
  constructor(private readonly broker: BrokerConnection) {}

  /** The newest that are wanted, before a sequence. */
  async newest(isWanted: IsWanted, limit: number, before?: number): Promise<Page> {
    const { state } = await (await this.manager()).streams.info(STREAM);
    let found: number[] = [];
    let end = Math.min(before ?? Number.MAX_SAFE_INTEGER, state.last_seq + 1);
    for (let window = FIRST_WINDOW; end > state.first_seq && found.length <= limit; window *= GROWTH) {
      const start = Math.max(state.first_seq, end - window);
      found = found.concat((await this.between(isWanted, start, end)).slice(found.length - limit - 1).toReversed());
      end = start;
    }
    return { sequences: found.slice(0, limit), hasMore: found.length > limit };
  }

  async find(sequence: number): Promise<DeadLetter | undefined> {
    const message = await (await this.manager()).streams.getMessage(STREAM, { seq: sequence });
    return message ? toDeadLetter(message) : undefined;
  }

  /** Answers whether it was there. */
  async delete(sequence: number): Promise<boolean> {
    const manager = await this.manager();
    try {
      return await manager.streams.deleteMessage(STREAM, sequence, false);
    } catch (error) {
      // "Not there" has the code of every failed deletion, so the answer is to look.
      if (!(error instanceof JetStreamApiError) || (await this.find(sequence))) throw error;
      return false;
    }
  }

  /**
   * Sequences in [start, end) that are wanted, oldest first; bodies stay with the broker. The broker is not asked to filter:
   * nats-server 2.9 passes over messages of a subject of which others were deleted.
   */
  private async between(isWanted: IsWanted, start: number, end: number): Promise<number[]> {
    const consumer = await jetstream(this.broker.nc, { timeout: TIMEOUT_MS }).consumers.get(STREAM, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: start,
      headers_only: true,
    });
    try {
      const { num_pending: pending } = await consumer.info(true);
      if (pending === 0) return [];
      const sequences: number[] = [];
      const messages = await consumer.fetch({ max_messages: Math.min(pending, end - start), expires: TIMEOUT_MS });
      for await (const { seq, subject, info } of messages) {
        if (seq < end && isWanted(subject)) sequences.push(seq);
        if (seq >= end - 1 || info.pending === 0) break;
      }
      return sequences;
    } finally {
      // The broker drops it by itself after a while; while it is away there is nobody to ask.
      await consumer.delete().catch(() => false);
    }
  }

  private manager(): Promise<JetStreamManager> {
    if (!this.broker.isConnected) {
      throw new MusterError('SERVICE_UNAVAILABLE', 'The broker is away; try again shortly.');
    }
    return jetstreamManager(this.broker.nc, { checkAPI: false, timeout: TIMEOUT_MS });
  }
}

function toDeadLetter({ seq, time, header, data }: StoredMsg): DeadLetter {
  return { sequence: seq, deadLetteredAt: time, headers: header, data };
}
