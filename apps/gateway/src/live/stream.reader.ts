import { Injectable } from '@nestjs/common';
import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type Consumer,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { MusterError, type StreamName } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import type { LiveMessage } from './live.group.js';
import type { StreamHead } from './progress.js';

/** The part of a stream that a replay reads. */
export interface Stretch {
  readonly stream: StreamName;
  readonly filter: string;
  /** Sequence before the first one wanted. */
  readonly after: number;
  /** Last sequence wanted. */
  readonly upTo: number;
  /** Only the newest message of each subject. */
  readonly newestOnly: boolean;
}

/** A message of a stretch. */
export interface StoredMessage extends LiveMessage {
  readonly sequence: number;
  /** When the broker stored it, microseconds since 1970. */
  readonly storedAtUs: number;
}

/** An open stretch: how much it may hold, and its messages in order. */
export interface StretchReader {
  readonly count: number;
  messages(): AsyncGenerator<StoredMessage>;
  close(): Promise<void>;
}

const PULL = { max_messages: 256, expires: 5_000 } as const;
/** Without a message for this long the consumer is given up; who asked tries again from where it stood. */
const STALLED_AFTER_MS = 5_000;
const ASK_TIMEOUT_MS = 5_000;

/** Reads streams: where they stand, and stretches of them with ordered consumers. */
@Injectable()
export class StreamReader {
  private manager: Promise<JetStreamManager> | undefined;

  constructor(private readonly broker: BrokerConnection) {}

  /** Where a stream stands now. @throws MusterError `SERVICE_UNAVAILABLE` while the broker is away. */
  async head(stream: StreamName): Promise<StreamHead> {
    const { created, state } = await (await this.managing()).streams.info(stream);
    return { epochMs: Date.parse(created), firstSequence: state.first_seq, lastSequence: state.last_seq };
  }

  /** The newest message of a subject, if the stream still has one. */
  async newest(stream: StreamName, subject: string): Promise<LiveMessage | undefined> {
    const found = await (await this.managing()).streams.getMessage(stream, { last_by_subj: subject });
    return found ? { subject: found.subject, data: found.data, receivedAt: found.time } : undefined;
  }

  /** The message of a sequence, if the stream still has it. */
  async at(stream: StreamName, sequence: number): Promise<LiveMessage | undefined> {
    const found = await (await this.managing()).streams.getMessage(stream, { seq: sequence });
    return found ? { subject: found.subject, data: found.data, receivedAt: found.time } : undefined;
  }

  /** Opens a stretch; it holds a consumer on the broker until it is closed. */
  async open(stretch: Stretch): Promise<StretchReader> {
    this.requireBroker();
    const { stream, filter, after, newestOnly } = stretch;
    const consumer = await jetstream(this.broker.nc, { timeout: ASK_TIMEOUT_MS }).consumers.get(stream, {
      // A text, not a list: servers before 2.10 know one filter per consumer.
      filter_subjects: filter,
      ...(newestOnly
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }),
    });
    const { num_pending: count } = await consumer.info(true);
    return new OpenStretch(consumer, stretch, count);
  }

  private managing(): Promise<JetStreamManager> {
    this.requireBroker();
    this.manager ??= jetstreamManager(this.broker.nc, { checkAPI: false, timeout: ASK_TIMEOUT_MS });
    return this.manager;
  }

  private requireBroker(): void {
    if (!this.broker.isConnected)
      throw new MusterError('SERVICE_UNAVAILABLE', 'The broker is away; try again shortly.');
  }
}

class OpenStretch implements StretchReader {
  private running: ConsumerMessages | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly stretch: Stretch,
    readonly count: number,
  ) {}

  async *messages(): AsyncGenerator<StoredMessage> {
    if (this.count === 0) return;
    const { after, upTo } = this.stretch;
    this.running = await this.consumer.consume(PULL);
    const iterator = this.running[Symbol.asyncIterator]();
    for (;;) {
      const next = await unlessStalled(iterator.next());
      if (next.done === true) return;
      const message = next.value;
      if (message.seq > upTo) return;
      if (message.seq > after) yield toStored(message);
      if (message.seq === upTo || message.info.pending === 0) return;
    }
  }

  async close(): Promise<void> {
    this.running?.stop();
    // The broker drops it by itself after a while; while it is away there is nobody to ask.
    await this.consumer.delete().catch(() => false);
  }
}

function toStored(message: JsMsg): StoredMessage {
  const { subject, data, seq: sequence, timestampNanos } = message;
  return {
    subject,
    data,
    sequence,
    storedAtUs: Number(timestampNanos / 1_000n),
    receivedAt: new Date(Number(timestampNanos / 1_000_000n)),
  };
}

async function unlessStalled<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new MusterError('NETWORK_TIMEOUT', 'The broker stopped sending in the middle of a replay.')),
      STALLED_AFTER_MS,
    ).unref();
  });
  try {
    return await Promise.race([next, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
