import { type ConsumerMessages, DeliverPolicy, AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { CONSUMERS, inboxPrefixOf, ROBOT_SUBJECTS, robotSubject } from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { connectAdmin } from '../support/admin-connection.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { benchSavePerMessage } from './save-per-message.js';
import type { Line } from './report.js';

const MESSAGES = 60_000;
const SAVED = 3_000;
const ROBOTS = 100;
const BATCH = 1_000;
const WRITERS = 2;

/** (a) Telemetry from the stream into Postgres, beside what broker and database do alone in the same run. */
export async function benchTelemetry(): Promise<Line[]> {
  const platform = await startPlatform({ topology: 'separate', durable: true });
  const admin = await BrokerConnection.open({
    url: platform.natsUrl,
    credsFile: platform.credsFile('admin'),
    name: 'bench',
    inboxPrefix: inboxPrefixOf('admin'),
  });
  try {
    await Promise.all(['telemetry', 'robots', 'commands', 'gateway'].map((app) => platform.kill(app)));
    await fill(admin, MESSAGES);
    const consume = await rawConsume(platform);
    const insert = await rawInsert(platform.databaseUrl);
    const ours = await ingest(platform, admin.nc);
    const save = await benchSavePerMessage(platform, admin, SAVED);
    return lines({ consume, insert, ours, save });
  } finally {
    await admin.close();
    await platform.stop();
  }
}

interface Rates {
  readonly consume: number;
  readonly insert: number;
  readonly ours: number;
  readonly save: number;
}

function lines({ consume, insert, ours, save }: Rates): Line[] {
  const combination = 1 / (1 / consume + 1 / insert);
  const slower = Math.min(consume, insert);
  const unit = 'messages/s';
  return [
    {
      name: 'telemetry: raw consume',
      ours: consume,
      unit,
      goal: '',
      met: true,
      how: 'callback consume with explicit ack, nothing else',
    },
    {
      name: 'telemetry: raw unnest insert',
      ours: insert,
      unit,
      goal: '',
      met: true,
      how: `${BATCH} rows × ${WRITERS} connections into the same table`,
    },
    {
      name: 'telemetry → Postgres, against both',
      ours,
      limit: combination,
      unit,
      goal: '≥ 0.7',
      met: ours >= 0.7 * combination,
      how: 'limit: harmonic combination of both',
    },
    {
      name: 'telemetry → Postgres, against the slower',
      ours,
      limit: slower,
      unit,
      goal: '≥ 0.67',
      met: ours >= slower / 1.5,
      how: 'limit: the slower of both',
    },
    {
      name: 'telemetry → Postgres, against save()',
      ours,
      limit: save,
      unit,
      goal: '≥ 15',
      met: ours >= 15 * save,
      how: 'limit: Nest handler with TypeORM save() per message',
    },
  ];
}

/** About 310 bytes each, as a robot sends them. */
export function sample(n: number): { subject: string; body: string; messageId: string } {
  const robotId = `BENCH-${String(n % ROBOTS).padStart(3, '0')}`;
  const messageId = crypto.randomUUID();
  const payload = { battery: 80 - (n % 50), position: { x: n % 97, y: n % 89 }, speedMps: 1.25, state: 'DRIVING', n };
  const body = {
    payloadVersion: 1,
    messageId,
    robotId,
    sentAt: new Date().toISOString(),
    correlationId: null,
    type: 'telemetry',
    payload,
  };
  return {
    subject: robotSubject(ROBOT_SUBJECTS.telemetry, robotId),
    body: JSON.stringify(body),
    messageId: `${robotId}:telemetry:${messageId}`,
  };
}

/** Publishes `count` samples, many at a time. */
export async function fill(broker: BrokerConnection, count: number): Promise<void> {
  const publisher = new JetStreamPublisher(broker);
  const WINDOW = 5_000;
  for (let first = 0; first < count; first += WINDOW) {
    const window = Array.from({ length: Math.min(WINDOW, count - first) }, (_, i) => sample(first + i));
    await Promise.all(window.map(({ subject, body, messageId }) => publisher.publish(subject, body, { messageId })));
  }
  publisher.close();
}

async function rawConsume(platform: TestPlatform): Promise<number> {
  const nc = await connectAdmin(platform);
  const manager = await jetstreamManager(nc);
  const config = {
    durable_name: 'bench_raw',
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 20_000,
  };
  await manager.consumers.add('ROBOT_TELEMETRY', config);
  const consumer = await jetstream(nc).consumers.get('ROBOT_TELEMETRY', 'bench_raw');
  const startedAt = performance.now();
  let messages: ConsumerMessages | undefined;
  await new Promise<void>((resolve, reject) => {
    let received = 0;
    const callback = (message: { ack(): void }): void => {
      message.ack();
      if (++received === MESSAGES) resolve();
    };
    consumer.consume({ callback, max_messages: 2_000 }).then((started) => (messages = started), reject);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  await messages?.close();
  await manager.consumers.delete('ROBOT_TELEMETRY', 'bench_raw');
  await nc.close();
  return MESSAGES / seconds;
}

const TABLE = 'bench_samples';

async function rawInsert(databaseUrl: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: WRITERS });
  await pool.query(`CREATE TABLE ${TABLE} (LIKE telemetry.robot_telemetry_samples INCLUDING ALL)`);
  const { rows } = await pool.query<{ column_name: string }>(
    `SELECT column_name FROM information_schema.columns WHERE table_schema = 'telemetry' AND table_name = 'robot_telemetry_samples'`,
  );
  const batches = MESSAGES / BATCH;
  const started = performance.now();
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < batches)
      await insertBatch(
        pool,
        next++,
        rows.map((row) => row.column_name),
      );
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  const seconds = (performance.now() - started) / 1_000;
  await pool.query(`DROP TABLE ${TABLE}`);
  await pool.end();
  return MESSAGES / seconds;
}

/** One array per column of the real table, whatever columns it has. */
async function insertBatch(pool: pg.Pool, batch: number, columns: readonly string[]): Promise<void> {
  const samples = Array.from({ length: BATCH }, (_, i) => sample(batch * BATCH + i));
  const now = new Date();
  const values: Readonly<Record<string, { type: string; of: (s: ReturnType<typeof sample>, n: number) => unknown }>> = {
    sampleId: { type: 'uuid', of: () => crypto.randomUUID() },
    robotId: { type: 'text', of: (s) => s.subject.slice(s.subject.lastIndexOf('.') + 1) },
    payloadJson: { type: 'jsonb', of: (s) => s.body },
    receivedAt: { type: 'timestamptz', of: () => now },
    sentAt: { type: 'timestamptz', of: () => now },
    messageId: { type: 'text', of: (s) => s.messageId },
    streamEpochMs: { type: 'int8', of: () => 1 },
    streamSequence: { type: 'int8', of: (_s, n) => batch * BATCH + n },
  };
  const used = columns.filter((column) => column in values);
  const names = used.map((column) => `"${column}"`).join(', ');
  const arrays = used.map((column, i) => `$${i + 1}::${values[column]?.type}[]`).join(', ');
  const sql = `INSERT INTO ${TABLE} (${names}) SELECT * FROM unnest(${arrays}) ON CONFLICT DO NOTHING`;
  await pool.query(
    sql,
    used.map((column) => samples.map((s, n) => values[column]?.of(s, n))),
  );
}

async function ingest(platform: TestPlatform, nc: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(nc);
  const { stream, durable } = CONSUMERS.telemetryIngest;
  const progress = async (): Promise<{ stored: number; at: number }> => {
    const info = await manager.consumers.info(stream, durable);
    return { stored: info.ack_floor.stream_seq, at: performance.now() };
  };
  void platform.restart('telemetry');
  const first = await waitFor(async () => within(await progress(), 1, MESSAGES - 1), 60_000);
  const last = await waitFor(async () => within(await progress(), MESSAGES, MESSAGES), 120_000);
  return (last.stored - first.stored) / ((last.at - first.at) / 1_000);
}

function within(
  progress: { stored: number; at: number },
  low: number,
  high: number,
): { stored: number; at: number } | undefined {
  return progress.stored >= low && progress.stored <= high ? progress : undefined;
}
