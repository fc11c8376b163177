import { Agent, request } from 'node:http';
import pg from 'pg';
import { io } from 'socket.io-client';
import { HUB_NAMESPACE, ROBOT_EVENTS } from '#libs/contracts';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { type Line, quantilesOf } from './report.js';

const ROBOTS = 20;
const PACED = 2_000;
const PACE_HZ = 200;
const SUSTAINED_SECONDS = 8;
const CONCURRENCY = 64;

/** (c) From a person's REST call to the robot, and from its acknowledgement to a browser; then as many as it takes. */
export async function benchCommands(): Promise<Line[]> {
  const env = { RATE_LIMIT_USER_PER_MINUTE: '10000000' };
  const platform = await startPlatform({ topology: 'all-in-one', durable: true, env });
  try {
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    const clock = new Clock();
    const robots = await Promise.all(Array.from({ length: ROBOTS }, (_, n) => BareRobot.enrol(admin, `BENCH-${n}`)));
    for (const robot of robots) await obey(robot, clock);
    const socket = await watch(platform, admin.token ?? '', clock);
    const limit = await rawInserts(platform.databaseUrl);
    await paced(platform, admin.token ?? '', clock);
    const accepted = await sustained(platform, admin.token ?? '');
    await waitFor(async () => (await openCommands(platform.databaseUrl)) === 0, 60_000);
    socket.close();
    await Promise.all(robots.map((robot) => robot.close()));
    return lines(clock, accepted, limit);
  } finally {
    await platform.stop();
  }
}

/** Command id → when it was asked for, received and acknowledged; one process, one clock. */
class Clock {
  readonly asked = new Map<string, number>();
  readonly received = new Map<string, number>();
  readonly acked = new Map<string, number>();
  readonly toBrowserMs: number[] = [];
  readonly toRobotMs: number[] = [];
  measuring = true;
}

async function obey(robot: BareRobot, clock: Clock): Promise<void> {
  await robot.onCommand((command) => {
    const commandId = String(command.payload['commandId']);
    if (clock.measuring) {
      clock.received.set(commandId, performance.now());
      clock.acked.set(commandId, performance.now());
    }
    return robot.ack(command, 'COMPLETED');
  });
}

async function watch(platform: TestPlatform, token: string, clock: Clock): Promise<ReturnType<typeof io>> {
  const socket = io(platform.url + HUB_NAMESPACE, { auth: { token }, transports: ['websocket'] });
  await socket.timeout(10_000).emitWithAck('join', { group: 'fleet' });
  socket.on(ROBOT_EVENTS.commandAck.hub, ({ commandId }: { commandId: string }) => {
    const ackedAt = clock.acked.get(commandId);
    if (ackedAt !== undefined) clock.toBrowserMs.push(performance.now() - ackedAt);
  });
  return socket;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });

/** One POST over a kept connection; cheaper than fetch, so that the client is not what is measured. */
function send(platform: TestPlatform, token: string, n: number): Promise<string> {
  const body = JSON.stringify({ commandType: 'bench', payload: { n }, timeoutMs: 60_000 });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const url = `${platform.url}/api/v1/robots/BENCH-${n % ROBOTS}/commands`;
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 202) resolve((JSON.parse(text) as { commandId: string }).commandId);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    call.on('error', reject).end(body);
  });
}

async function paced(platform: TestPlatform, token: string, clock: Clock): Promise<void> {
  const startedAt = performance.now();
  const calls: Promise<void>[] = [];
  for (let n = 0; n < PACED;) {
    const due = ((performance.now() - startedAt) / 1_000) * PACE_HZ;
    while (n < Math.min(due, PACED)) {
      const askedAt = performance.now();
      calls.push(send(platform, token, n++).then((commandId) => void clock.asked.set(commandId, askedAt)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
  await waitFor(() => clock.toBrowserMs.length >= PACED, 30_000);
  for (const [commandId, askedAt] of clock.asked)
    clock.toRobotMs.push((clock.received.get(commandId) ?? Number.NaN) - askedAt);
  clock.measuring = false;
}

async function sustained(platform: TestPlatform, token: string): Promise<number> {
  const endAt = performance.now() + SUSTAINED_SECONDS * 1_000;
  let accepted = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < endAt) {
      await send(platform, token, accepted);
      accepted++;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  return accepted / ((performance.now() - startedAt) / 1_000);
}

/** One committed row per statement over ten connections: what a ledger without group commit could take at best. */
async function rawInserts(databaseUrl: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query('CREATE TABLE bench_commands (LIKE commands.robot_command_log INCLUDING DEFAULTS)');
  const { rows } = await pool.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'bench_commands' AND is_nullable = 'NO'`,
  );
  for (const { name } of rows) await pool.query(`ALTER TABLE bench_commands ALTER COLUMN "${name}" DROP NOT NULL`);
  const sql = `INSERT INTO bench_commands ("commandId", "robotId", "commandType", "payloadJson", "requestedAt", "status") VALUES ($1, $2, 'bench', $3, now(), 'REQUESTED')`;
  const endAt = performance.now() + 3_000;
  let inserted = 0;
  const writer = async (): Promise<void> => {
    while (performance.now() < endAt) {
      await pool.query(sql, [crypto.randomUUID(), 'BENCH-1', JSON.stringify({ n: inserted })]);
      inserted++;
    }
  };
  await Promise.all(Array.from({ length: 10 }, writer));
  await pool.query('DROP TABLE bench_commands');
  await pool.end();
  return inserted / 3;
}

async function openCommands(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM commands.robot_command_log WHERE "status" IN ('REQUESTED', 'ACKED')`,
  );
  await client.end();
  return rows[0]?.open ?? 0;
}

function lines(clock: Clock, accepted: number, limit: number): Line[] {
  const toRobot = quantilesOf(clock.toRobotMs);
  const toBrowser = quantilesOf(clock.toBrowserMs);
  const how = `${PACE_HZ} commands/s, ${ROBOTS} robots with durable consumers`;
  const line = (name: string, value: number, goal = '', met = true): Line => ({
    name,
    ours: value,
    unit: 'ms',
    goal,
    met,
    how,
  });
  return [
    line('REST → robot p50', toRobot.p50),
    line('REST → robot p99', toRobot.p99, '< 50', toRobot.p99 < 50),
    line('ack → browser p50', toBrowser.p50),
    line('ack → browser p99', toBrowser.p99, '< 25', toBrowser.p99 < 25),
    {
      name: 'commands accepted, carried out and finished',
      ours: accepted,
      limit,
      unit: 'commands/s',
      goal: '≥ 1,500/s',
      met: accepted >= 1_500,
      how: `${CONCURRENCY} callers for ${SUSTAINED_SECONDS} s; limit: single committed inserts over ten connections, no HTTP, no broker`,
    },
  ];
}
