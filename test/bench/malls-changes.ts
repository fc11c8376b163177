import type pg from 'pg';
import { Api } from '../support/api.js';
import { SseClient } from '../support/event-stream.js';
import { onDatabase } from '../support/mall-crowd.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform } from '../support/platform.js';
import { areaOf, fillAreas } from './malls-records.js';
import { type Line, type Quantiles, quantilesOf } from './report.js';

const SIZES = [1_000, 100_000] as const;
const WARM_UP = 20;
const CHANGES = 100;
const SUMS = 15;

interface Cost {
  /** Of the answer to the PUT. */
  readonly answer: Quantiles;
  /** Until the orchestrator has read of it. */
  readonly told: Quantiles;
}

/** What one change costs in a small and in a large mall, and the sum over the large one. */
export async function benchMallChanges(): Promise<Line[]> {
  const env = { RATE_LIMIT_USER_PER_MINUTE: '1000000', RATE_LIMIT_MACHINE_PER_MINUTE: '1000000' };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    return await onDatabase(platform.databaseUrl, async (database) => {
      const malls: MallOrchestrator[] = [];
      for (const size of SIZES) {
        const mall = await MallOrchestrator.ofNewMall(admin, { entityId: `bench-${size}` });
        await fillAreas(database, mall.entityId, size);
        malls.push(mall);
      }
      const [small, large] = await costs(admin, malls);
      const largest = malls.at(-1);
      if (!small || !large || !largest) throw new Error('there is nothing measured');
      const sum = await medianMs(
        () => forget(database, largest),
        () => largest.get('/api/orchestrators/sync/checksum'),
      );
      const sql = await medianMs(
        () => Promise.resolve(),
        () => database.query(SUM, [largest.entityId]),
      );
      const raw = await medianMs(
        () => Promise.resolve(),
        (n) => rawChange(database, largest, n + 1),
      );
      return lines({ small, large, sum, sql, raw });
    });
  } finally {
    await platform.stop();
  }
}

/** The malls take turns, so that what disturbs one disturbs all. */
async function costs(admin: Api, malls: readonly MallOrchestrator[]): Promise<Cost[]> {
  const watched = await Promise.all(malls.map(async (mall) => ({ mall, stream: await watch(mall) })));
  const taken = watched.map(() => ({ answer: [] as number[], told: [] as number[] }));
  for (let n = 1; n <= WARM_UP + CHANGES; n++) {
    for (const [index, { mall, stream }] of watched.entries()) {
      const { answerMs, toldMs } = await change(admin, mall, stream, n);
      if (n <= WARM_UP) continue;
      taken[index]?.answer.push(answerMs);
      taken[index]?.told.push(toldMs);
    }
  }
  for (const { stream } of watched) stream.close();
  return taken.map(({ answer, told }) => ({ answer: quantilesOf(answer), told: quantilesOf(told) }));
}

async function watch({ url, token }: MallOrchestrator): Promise<SseClient> {
  const stream = await SseClient.open(url, { token });
  await stream.received.next('connected');
  return stream;
}

/** One change; nothing else happens until the orchestrator has read of it. */
async function change(
  admin: Api,
  { entityId }: MallOrchestrator,
  { received }: SseClient,
  n: number,
): Promise<{ answerMs: number; toldMs: number }> {
  const startedAt = performance.now();
  const arrived = nextArrival(received);
  const { status } = await admin.put(`/api/v1/entities/${entityId}/areas/area-${n * 7}`, areaOf(n, 1));
  const answerMs = performance.now() - startedAt;
  if (status !== 200) throw new Error(`a change answered ${status}`);
  return { answerMs, toldMs: (await arrived) - startedAt };
}

/** When the next event is read. */
function nextArrival(received: SseClient['received']): Promise<number> {
  const take = received.take.bind(received);
  return new Promise((resolve) => {
    received.take = (event) => {
      take(event);
      if (event.event !== 'data_update') return;
      received.take = take;
      resolve(performance.now());
    };
  });
}

/** The same rows in one transaction, without anything that is told. */
async function rawChange(database: pg.Client, { entityId }: MallOrchestrator, n: number): Promise<void> {
  const recordId = `area-${n * 7 + 3}`;
  await database.query('BEGIN');
  await database.query(LOCK, [entityId]);
  await database.query(END_PRESENT, [entityId, recordId]);
  await database.query(INSERT, [entityId, recordId, JSON.stringify({ id: recordId, ...areaOf(n, 2) })]);
  await database.query(ADVANCE, [entityId]);
  await database.query('COMMIT');
}

const LOCK = `SELECT "changeSeq" FROM "orchestrators"."entities" WHERE "entityId" = $1 FOR NO KEY UPDATE`;
const NEXT_SEQ = `(SELECT "changeSeq" + 1 FROM "orchestrators"."entities" WHERE "entityId" = $1)`;
const END_PRESENT = `
  UPDATE "orchestrators"."record_versions" SET "toSeq" = ${NEXT_SEQ}
  WHERE "entityId" = $1 AND "collection" = 'areas' AND "recordId" = $2 AND "toSeq" IS NULL`;
const INSERT = `
  INSERT INTO "orchestrators"."record_versions"
    ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
  VALUES ($1, 'areas', $2, ${NEXT_SEQ}, 'update', $3::text::json, sha256(convert_to($3::text, 'UTF8')), now())`;
const ADVANCE = `
  UPDATE "orchestrators"."entities" SET "changeSeq" = "changeSeq" + 1, "changedAt" = now() WHERE "entityId" = $1`;

async function medianMs(prepare: () => Promise<unknown>, run: (n: number) => Promise<unknown>): Promise<number> {
  const durationsMs: number[] = [];
  for (let n = 0; n < SUMS; n++) {
    await prepare();
    const startedAt = performance.now();
    await run(n);
    durationsMs.push(performance.now() - startedAt);
  }
  return quantilesOf(durationsMs).p50;
}

/** As after a change: nobody has asked for the sum yet. */
function forget(database: pg.Client, { entityId }: MallOrchestrator): Promise<unknown> {
  return database.query(`DELETE FROM "orchestrators"."sums" WHERE "entityId" = $1`, [entityId]);
}

const SUM = `
  SELECT sha256(convert_to(string_agg("recordId" || ':' || encode("checksum", 'hex') || E'\\n', ''
    ORDER BY "recordId" COLLATE "C"), 'UTF8'))
  FROM "orchestrators"."record_versions"
  WHERE "entityId" = $1 AND "collection" = 'areas' AND "toSeq" IS NULL AND "operation" <> 'delete'`;

interface Costs {
  readonly small: Cost;
  readonly large: Cost;
  readonly sum: number;
  readonly sql: number;
  /** One change in SQL alone. */
  readonly raw: number;
}

function lines({ small, large, sum, sql, raw }: Costs): Line[] {
  const how = `median of ${CHANGES} changes one after the other, in turns; limit: in a mall of 1,000 records`;
  const line = (name: string, ours: number, limit: number): Line => ({
    name: `malls: ${name}`,
    ours,
    limit,
    unit: 'ms',
    goal: '',
    met: true,
    how,
  });
  const ratio = large.answer.p50 / small.answer.p50;
  const told = line('a change at 100,000 records, until it is told', large.told.p50, small.told.p50);
  return [
    {
      ...line('a change at 100,000 records, answered', large.answer.p50, small.answer.p50),
      goal: '≤ 1.25',
      met: ratio <= 1.25,
    },
    {
      ...line('a change over HTTP, against its SQL', large.answer.p50, raw),
      how: 'at 100,000 records; limit: the same rows in one transaction, with nobody to tell',
    },
    { ...told, how: `${how}; the sum is in it` },
    {
      ...line('sum over 100,000 records', sum, sql),
      goal: '< 300',
      met: sum < 300,
      how: `median of ${SUMS} over HTTP with nothing kept; limit: the statement alone`,
    },
  ];
}
