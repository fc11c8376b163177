import pg from 'pg';
import { Api } from '../support/api.js';
import { onDatabase } from '../support/mall-crowd.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform } from '../support/platform.js';
import { areaOf, fillAreas } from './malls-records.js';
import { type Line, quantilesOf } from './report.js';

const RECORDS = 10_000;
const CHANGES = 100;
const WARM_UP = 5;
const ROUNDS = 20;
const ENTITY = 'bench-sync';

/** An orchestrator reads its whole mall, and then what changed, beside the same rows read from the database. */
export async function benchMallSync(): Promise<Line[]> {
  const env = {
    RATE_LIMIT_USER_PER_MINUTE: '1000000',
    RATE_LIMIT_MACHINE_PER_MINUTE: '1000000',
    RATE_LIMIT_SYNC_DELTA_PER_MINUTE: '1000000',
  };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    const mall = await MallOrchestrator.ofNewMall(admin, { entityId: ENTITY });
    return await onDatabase(platform.databaseUrl, async (database) => {
      await fillAreas(database, ENTITY, RECORDS);
      const { body } = await mall.get('/api/orchestrators/sync/full');
      for (let n = 1; n <= CHANGES; n++) await admin.put(`/api/v1/entities/${ENTITY}/areas/area-${n}`, areaOf(n, 1));
      const deltaPath = `/api/orchestrators/sync/delta?cursor=${encodeURIComponent(body.cursor)}`;
      const full = await medianMs(() => read(mall, '/api/orchestrators/sync/full', RECORDS));
      const delta = await medianMs(() => read(mall, deltaPath, CHANGES));
      const rawFull = await medianMs(() => stream(database, FULL, RECORDS));
      const rawDelta = await medianMs(() => stream(database, DELTA, CHANGES));
      return lines({ full, delta, rawFull, rawDelta });
    });
  } finally {
    await platform.stop();
  }
}

async function medianMs(run: () => Promise<void>): Promise<number> {
  const durationsMs: number[] = [];
  for (let n = 0; n < WARM_UP + ROUNDS; n++) {
    const startedAt = performance.now();
    await run();
    if (n >= WARM_UP) durationsMs.push(performance.now() - startedAt);
  }
  return quantilesOf(durationsMs).p50;
}

/** Reads an answer to its last byte; that all records are in it is checked by their number. */
async function read({ url, headers }: MallOrchestrator, path: string, records: number): Promise<void> {
  const response = await fetch(url + path, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  let found = 0;
  for (let at = bytes.indexOf('"checksum":"'); at >= 0; at = bytes.indexOf('"checksum":"', at + 1)) found++;
  // A full sync has one more: that of all.
  if (response.status !== 200 || found < records) throw new Error(`${path}: ${response.status}, ${found} records`);
}

const FULL = `
  SELECT "dataJson"::text AS "text", "checksum" FROM "orchestrators"."record_versions"
  WHERE "entityId" = '${ENTITY}' AND "collection" = 'areas' AND "toSeq" IS NULL AND "operation" <> 'delete'
  ORDER BY "recordId"`;
const DELTA = `
  SELECT "dataJson"::text AS "text", "checksum" FROM "orchestrators"."record_versions"
  WHERE "entityId" = '${ENTITY}' AND "fromSeq" > ${RECORDS} ORDER BY "fromSeq"`;

/** The rows as they come from the server, written into bytes one by one. */
function stream(database: pg.Client, sql: string, records: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let [rows, sizeBytes] = [0, 0];
    const query = database.query(new pg.Query<{ text: string; checksum: Buffer }>(sql));
    query.on('row', ({ text, checksum }) => {
      rows++;
      sizeBytes += Buffer.from(`${text.slice(0, -1)},"checksum":"sha256:${checksum.toString('hex')}"}`).length;
    });
    query.on('error', reject);
    query.on('end', () => (rows === records && sizeBytes > 0 ? resolve() : reject(new Error(`${rows} rows`))));
  });
}

interface Medians {
  readonly full: number;
  readonly delta: number;
  readonly rawFull: number;
  readonly rawDelta: number;
}

function lines({ full, delta, rawFull, rawDelta }: Medians): Line[] {
  const line = (name: string, ours: number, limit: number): Line => ({
    name,
    ours,
    limit,
    unit: 'ms',
    goal: '< 200',
    met: ours < 200,
    how: `median of ${ROUNDS}, records of 400 bytes; limit: the same rows streamed by pg and written into bytes`,
  });
  return [
    line('malls: full sync of 10,000 records', full, rawFull),
    line('malls: delta of 100 changes in 10,000', delta, rawDelta),
  ];
}
