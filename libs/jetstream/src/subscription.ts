import { type ConsumerMessages, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import { type ConsumerContract } from '#libs/contracts';
import type { BrokerConnection } from './connection.js';
import { MissingResourceError } from './provisioning.js';
import type { Worker } from './worker.js';

const PULL_EXPIRES_MS = 5_000;
const RESTART_DELAY_MS = 1_000;
const MAX_PULL = 2_000;

/** Keeps one durable consumer pulling into a worker, and starts it again when the broker ends it. */
export class DurableSubscription {
  private readonly logger = new Logger('Subscription');
  private messages: ConsumerMessages | undefined;
  private stopped = false;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly broker: BrokerConnection,
    private readonly consumer: ConsumerContract,
    private readonly worker: Worker,
  ) {}

  /** Starts pulling. @throws MissingResourceError when the consumer was not provisioned. */
  async start(): Promise<void> {
    await this.pull();
    this.ended = this.keepPulling();
  }

  /** Stops pulling, then lets the worker finish what it has in hand. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.messages?.close();
    await this.ended;
    await this.worker.stop();
  }

  private async pull(): Promise<void> {
    const { stream, durable, maxAckPending } = this.consumer;
    try {
      const epochMs = await streamEpochMs(this.broker, stream);
      const consumer = await jetstream(this.broker.nc).consumers.get(stream, durable);
      this.messages = await consumer.consume({
        max_messages: Math.min(MAX_PULL, maxAckPending),
        expires: PULL_EXPIRES_MS,
        callback: (message) => this.worker.push(message, epochMs),
        abort_on_missing_resource: true,
      });
    } catch (cause) {
      throw new MissingResourceError(`consumer ${durable} on stream ${stream}`, { cause });
    }
  }

  private async keepPulling(): Promise<void> {
    while (!this.stopped && !this.broker.nc.isClosed()) {
      const failure = await this.messages?.closed();
      if (this.stopped || this.broker.nc.isClosed()) return;
      this.logger.warn(`${this.consumer.durable} stopped pulling (${String(failure)}); starting again.`);
      await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS).unref());
      await this.pull().catch((error: unknown) => this.logger.error(String(error)));
    }
  }
}

/** When a stream was created, in milliseconds since 1970: what its sequences are counted from. */
export async function streamEpochMs(broker: BrokerConnection, stream: string): Promise<number> {
  const manager = await jetstreamManager(broker.nc, { checkAPI: false });
  return Date.parse((await manager.streams.info(stream)).created);
}
