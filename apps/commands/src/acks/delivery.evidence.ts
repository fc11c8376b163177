import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DELIVERY_EVIDENCE, robotConsumers, ROBOT_MESSAGES } from '#libs/contracts';
import { MicroBatch } from '#libs/database';
import { BrokerConnection } from '#libs/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { Compile } from 'typebox/compile';
import Type, { type Static } from 'typebox';
import type { TimelineDraft } from '../ledger/command.state.js';
import { CommandStream } from '../dispatch/command.stream.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { RecentDispatches } from '../dispatch/recent.dispatches.js';

/** nats-server's metric `io.nats.jetstream.metric.v1.consumer_ack`. */
const Evidence = Type.Object({
  stream: Type.Literal(ROBOT_MESSAGES.command.stream),
  consumer: Type.String(),
  stream_seq: Type.Integer(),
  deliveries: Type.Integer(),
  timestamp: Type.String(),
});
type Evidence = Static<typeof Evidence>;
const evidence = Compile(Evidence);

const SAMPLE_ROBOT = 'R';
/** What the durable of a robot's commands is called before the robot's id. */
const DURABLE_PREFIX = robotConsumers(SAMPLE_ROBOT).commands.durable.slice(0, -SAMPLE_ROBOT.length);
const QUEUE = 'commands';

type Entry = TimelineDraft & { readonly commandId: string; readonly dedupeKey: string };

/**
 * Records that a robot took a command off its durable. Only the broker's report of the robot's own acknowledgement counts;
 * it is best effort, so its absence says nothing.
 */
@Injectable()
export class DeliveryEvidence implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Evidence');
  private readonly entries = new MicroBatch<Entry, void>({
    name: 'commands_delivered',
    maxWaitMs: 100,
    maxConcurrency: 1,
    run: async (entries) => {
      await this.ledger.record(entries);
      return entries.map(() => undefined);
    },
  });

  constructor(
    private readonly broker: BrokerConnection,
    private readonly ledger: LedgerRepository,
    private readonly stream: CommandStream,
    private readonly recent: RecentDispatches,
  ) {}

  onModuleInit(): void {
    this.broker.nc.subscribe(DELIVERY_EVIDENCE, { queue: QUEUE, callback: (_error, message) => this.take(message) });
    this.broker.onReconnect(() => this.recent.clear());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.entries.close();
  }

  private take(message: Msg): void {
    const report: unknown = message.json();
    if (!evidence.Check(report) || !report.consumer.startsWith(DURABLE_PREFIX)) return;
    this.record(report).catch((error: unknown) => this.logger.debug({ event: 'evidence_not_recorded', error }));
  }

  private async record({ consumer, stream_seq: sequence, deliveries, timestamp }: Evidence): Promise<void> {
    const robotId = consumer.slice(DURABLE_PREFIX.length);
    const commandId = this.recent.find(robotId, sequence) ?? (await this.stream.commandAt(sequence));
    if (commandId === undefined) return;
    await this.entries.add({
      commandId,
      dedupeKey: `delivered:${String(sequence)}`,
      at: new Date(timestamp),
      kind: 'delivered',
      by: `robot:${robotId}`,
      detail: { sequence, deliveries },
    });
  }
}
