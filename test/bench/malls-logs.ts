import { Agent, request } from 'node:http';
import pg from 'pg';
import { Api } from '../support/api.js';
import { BeaconDevice } from '../support/beacon-device.js';
import { onDatabase } from '../support/mall-crowd.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform } from '../support/platform.js';
import type { Line } from './report.js';

const BEACONS = 20;
const LOGS = 100;
const CALLERS = 16;
const CONNECTIONS = 10;
const WARM_UP_SECONDS = 2;
const SECONDS = 8;

interface Batch {
  readonly beaconId: string;
  readonly batchId: string;
  readonly logs: readonly ReturnType<typeof logOf>[];
}

/** Batches of access logs from a mall's orchestrator, beside inserts of the same rows. */
export async function benchMallLogs(): Promise<Line[]> {
  const env = { RATE_LIMIT_BEACONS_PER_MINUTE: '10000000', RATE_LIMIT_MACHINE_PER_MINUTE: '10000000' };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    const mall = await MallOrchestrator.ofNewMall(admin);
    const beacons = Array.from({ length: BEACONS }, () => new BeaconDevice(mall.entityId, mall));
    for (const beacon of beacons) await beacon.register();
    const batches = batchesOf(beacons.map(({ beaconId }) => beaconId));
    await perSecond(WARM_UP_SECONDS, () => upload(mall, batches()));
    const ours = await perSecond(SECONDS, () => upload(mall, batches()));
    const limit = await rawInsert(platform.databaseUrl, mall.entityId, batches);
    return [
      {
        name: 'malls: access logs over HTTP → Postgres',
        ours: ours * LOGS,
        limit: limit * LOGS,
        unit: 'logs/s',
        goal: '',
        met: true,
        how: `batches of ${LOGS} from ${CALLERS} callers for ${SECONDS} s; limit: the same batches as inserts over ${CONNECTIONS} connections`,
      },
    ];
  } finally {
    await platform.stop();
  }
}

/** Calls back to back from all callers; answers calls per second. */
async function perSecond(seconds: number, call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const caller = async (): Promise<void> => {
    for (; performance.now() < startedAt + seconds * 1_000; calls++) await call();
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return calls / ((performance.now() - startedAt) / 1_000);
}

/** Ever new batches, a beacon after the other; no log is like another one. */
function batchesOf(beaconIds: readonly string[]): () => Batch {
  const firstAtMs = Date.now() - 6 * 3_600_000;
  let count = 0;
  return () => {
    const n = count++;
    const logs = Array.from({ length: LOGS }, (_, index) => logOf(firstAtMs + ((n * LOGS + index) % 18_000_000), n));
    return { beaconId: beaconIds[n % beaconIds.length] ?? '', batchId: `batch-${n}`, logs };
  };
}

function logOf(atMs: number, n: number) {
  return {
    timestamp: new Date(atMs).toISOString(),
    user_id: `user-${n}`,
    device_id: `mobile-${n % 97}`,
    result: 'success',
    method: 'ecdsa_proof',
    duration_ms: 150,
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

function upload(mall: MallOrchestrator, { beaconId, batchId, logs }: Batch): Promise<void> {
  const body = JSON.stringify({
    beacon_id: beaconId,
    entity_id: mall.entityId,
    logs,
    batch_id: batchId,
    total_logs: logs.length,
  });
  const headers = {
    ...mall.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers };
    const call = request(`${mall.url}/api/orchestrators/beacons/access-logs`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (text.includes(`"stored":${LOGS},`)) resolve();
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    call.on('error', reject).end(body);
  });
}

/** One insert of a batch's rows into a table of the same columns and indexes; no batches to know, nothing to check. */
async function rawInsert(databaseUrl: string, entityId: string, batches: () => Batch): Promise<number> {
  await onDatabase(databaseUrl, (database) =>
    database.query(`CREATE TABLE "bench_access_logs" (LIKE "beacons"."access_logs" INCLUDING ALL)`),
  );
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  const insert = ({ beaconId, batchId, logs }: Batch): Promise<unknown> =>
    pool.query(INSERT, [
      entityId,
      beaconId,
      batchId,
      logs.map((log) => log.timestamp),
      logs.map((log) => log.user_id),
      logs.map((log) => log.device_id),
      logs.map((log) => log.result),
      logs.map((log) => log.method),
      logs.map((log) => log.duration_ms),
    ]);
  await perSecond(WARM_UP_SECONDS, () => insert(batches()));
  const rate = await perSecond(SECONDS, () => insert(batches()));
  await pool.end();
  return rate;
}

const INSERT = `
  INSERT INTO "bench_access_logs" ("entityId", "beaconId", "batchId", "loggedAt", "userId", "deviceId", "result",
    "method", "durationMs")
  SELECT $1, $2, $3, r.* FROM unnest($4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[]) r
  ON CONFLICT DO NOTHING`;
