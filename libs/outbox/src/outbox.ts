import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { MESSAGE_HEADERS } from '#libs/contracts';
import type { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import type { OutboxEntry, OutboxRepository } from './outbox.repository.js';

const SWEEP_MS = 1_000;
const BATCH = 500;
const OTHER_REPLICA_DELAY_MS = 25;

/** Brings what was committed to the broker: at once after a commit, and later what a crash or an outage left behind. */
export class Outbox implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Outbox');
  private readonly ticker = new Ticker('Outbox', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly publisher: JetStreamPublisher,
    private readonly broker: BrokerConnection,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** To be called after a commit that enqueued something. */
  kick(): void {
    this.ticker.kick();
  }

  private async sweep(): Promise<boolean> {
    if (!this.broker.isConnected) return false;
    const outcome = await this.outbox.deliver(BATCH, (entries) => this.publishAll(entries));
    // Another replica may have looked before our commit: look again when it is done.
    if (!outcome) setTimeout(() => this.ticker.kick(), OTHER_REPLICA_DELAY_MS).unref();
    return outcome !== undefined && outcome.found === BATCH && outcome.delivered > 0;
  }

  private async publishAll(entries: readonly OutboxEntry[]): Promise<readonly number[]> {
    const stored = await Promise.all(bySubject(entries).map((sameSubject) => this.publishInOrder(sameSubject)));
    return stored.flat();
  }

  /** One after the other: behind an entry that failed nothing of its subject may be stored. */
  private async publishInOrder(entries: readonly OutboxEntry[]): Promise<readonly number[]> {
    const stored: number[] = [];
    try {
      for (const { outboxId, subject, body, messageId } of entries) {
        await this.publisher.publish(subject, body, { messageId, headers: publishedNow() });
        stored.push(outboxId);
      }
    } catch (error) {
      this.logger.warn({ event: 'outbox_not_delivered', subject: entries[0]?.subject, error });
    }
    return stored;
  }
}

function bySubject(entries: readonly OutboxEntry[]): OutboxEntry[][] {
  const groups = new Map<string, OutboxEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.subject);
    if (group) group.push(entry);
    else groups.set(entry.subject, [entry]);
  }
  return [...groups.values()];
}

function publishedNow(): MsgHdrs {
  const published = headers();
  published.set(MESSAGE_HEADERS.publishedAt, String(Date.now()));
  return published;
}
