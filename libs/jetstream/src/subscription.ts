import {
  type Consumer,
  type ConsumeMessages,
  type ConsumerMessages,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import type { ConsumerContract } from '#libs/contracts';
import type { BrokerConnection } from './connection.js';
import { MissingResourceError } from './provisioning.js';
import type { Worker } from './worker.js';

const PULL_EXPIRES_MS = 5_000;
const RESTART_DELAY_MS = 1_000;
/** Two requests under way, so that the broker always has one to fill while the other ends. */
const PULLS_AT_ONCE = 2;

interface Source {
  readonly consumer: Consumer;
  readonly epochMs: number;
}

/**
 * Pulls one durable consumer into a worker, no faster than the worker takes it: a request is made only when there is room
 * for what it may bring, so memory does not depend on how much waits in the stream.
 */
export class DurableSubscription {
  private readonly logger = new Logger('Subscription');
  private readonly underWay = new Set<ConsumerMessages>();
  private loops: Promise<void>[] = [];
  private stopped = false;

  constructor(
    private readonly broker: BrokerConnection,
    private readonly contract: ConsumerContract,
    private readonly worker: Worker,
  ) {}

  /** Starts pulling. @throws MissingResourceError when the consumer was not provisioned. */
  async start(): Promise<void> {
    const source = await this.find();
    this.loops = Array.from({ length: PULLS_AT_ONCE }, () => this.keepPulling(source));
  }

  /** Stops pulling, then lets the worker finish what it has in hand. */
  async stop(): Promise<void> {
    this.stopped = true;
    const finished = this.worker.stop();
    await Promise.all([...this.underWay].map((messages) => messages.close()));
    await Promise.all([...this.loops, finished]);
  }

  private async find(): Promise<Source> {
    const { stream, durable } = this.contract;
    try {
      const epochMs = await streamEpochMs(this.broker, stream);
      return { consumer: await jetstream(this.broker.nc).consumers.get(stream, durable), epochMs };
    } catch (cause) {
      throw new MissingResourceError(`consumer ${durable} on stream ${stream}`, { cause });
    }
  }

  private async keepPulling(first: Source): Promise<void> {
    let source = first;
    while (!this.stopped && !this.broker.nc.isClosed()) {
      await this.worker.hasRoom();
      try {
        if (!this.stopped) await this.pull(source);
      } catch (error) {
        if (this.stopped || this.broker.nc.isClosed()) return;
        this.logger.warn(`${this.contract.durable} could not pull (${String(error)}); trying again.`);
        await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS).unref());
        source = await this.find().catch(() => source);
      }
    }
  }

  /** One request: ends when it is filled, or when it expires. */
  private async pull({ consumer, epochMs }: Source): Promise<void> {
    // fetch() takes a callback as consume() does; an iterator would be four times slower.
    const options: ConsumeMessages = {
      max_messages: this.worker.pullSize,
      expires: PULL_EXPIRES_MS,
      callback: (message) => this.worker.push(message, epochMs),
    };
    const messages = await consumer.fetch(options);
    this.underWay.add(messages);
    const failure = await messages.closed();
    this.underWay.delete(messages);
    if (failure instanceof Error) throw failure;
  }
}

/** When a stream was created, in milliseconds since 1970: what its sequences are counted from. */
export async function streamEpochMs(broker: BrokerConnection, stream: string): Promise<number> {
  const manager = await jetstreamManager(broker.nc, { checkAPI: false });
  return Date.parse((await manager.streams.info(stream)).created);
}
