import { Agent, request } from 'node:http';
import pg from 'pg';
import { io } from 'socket.io-client';
import { HUB_NAMESPACE, ROBOT_EVENTS } from '#libs/contracts';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { startByHand } from './by-hand.js';
import { type Line, quantilesOf } from './report.js';

const ROBOTS = 20;
const PACED = 1_500;
const PACE_HZ = 100;
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
    await paced(platform, admin.token ?? '', clock);
    const accepted = await sustained((n) => send(platform, admin.token ?? '', n));
    await waitFor(async () => (await openCommands(platform.databaseUrl)) === 0, 60_000);
    socket.close();
    await Promise.all(robots.map((robot) => robot.close()));
    return lines(clock, accepted, await byHand(platform.databaseUrl));
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
  return post(`${platform.url}/api/v1/robots/BENCH-${n % ROBOTS}/commands`, token, n);
}

function post(url: string, token: string, n: number): Promise<string> {
  const body = JSON.stringify({ commandType: 'bench', payload: { n }, timeoutMs: 60_000 });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
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

/** Callers that each send the next command when the last one was accepted; answers accepted commands per second. */
async function sustained(call: (n: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const endAt = startedAt + SUSTAINED_SECONDS * 1_000;
  let accepted = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endAt) await call(accepted++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  return accepted / ((performance.now() - startedAt) / 1_000);
}

async function byHand(databaseUrl: string): Promise<number> {
  const hand = await startByHand(databaseUrl, ROBOTS);
  let sent = 0;
  const rate = await sustained((n) => {
    sent++;
    return post(`${hand.url}/r${n % ROBOTS}`, '', n);
  });
  await hand.finished(sent);
  await hand.stop();
  return rate;
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
      how: `${CONCURRENCY} callers for ${SUSTAINED_SECONDS} s; limit: the same hops by hand, without accounts, checks, timeline and events`,
    },
  ];
}
