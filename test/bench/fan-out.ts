import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { HUB_NAMESPACE, ROBOT_SUBJECTS, robotGroup, robotSubject, STREAM_EVENTS } from '#libs/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectAdmin } from '../support/admin-connection.js';
import { Api } from '../support/api.js';
import { startPlatform } from '../support/platform.js';
import { type Line, quantilesOf } from './report.js';
import { deliveriesPerSecond, Sockets } from './sockets.js';

const AUDIENCE = 100;
const RATE_HZ = 1_000;
const LATENCY_SECONDS = 10;
const BROADCASTS = 4_000;
const AHEAD = 100;

const now = (): number => performance.timeOrigin + performance.now();
const robotOf = (n: number): string => `BENCH-${String(n % AUDIENCE).padStart(3, '0')}`;

function body(robotId: string, n: number): object {
  const payload = { battery: 80, position: { x: n % 97, y: n % 89 }, speedMps: 1.25, state: 'DRIVING', sentMs: now() };
  return {
    payloadVersion: 1,
    messageId: crypto.randomUUID(),
    robotId,
    sentAt: new Date().toISOString(),
    type: 'telemetry',
    payload,
  };
}

function publishOne(nc: NatsConnection, n: number): void {
  const robotId = robotOf(n);
  nc.publish(robotSubject(ROBOT_SUBJECTS.telemetry, robotId), JSON.stringify(body(robotId, n)));
}

/** (b) From a robot's publish to a browser, and how much of bare Socket.IO's fan-out is left. */
export async function benchFanOut(): Promise<Line[]> {
  const platform = await startPlatform({ topology: 'all-in-one', durable: true });
  const nc = await connectAdmin(platform);
  try {
    const { token = '' } = await Api.login(platform.url, 'viewer', platform.passwords.viewer);
    const task = { url: platform.url + HUB_NAMESPACE, token, event: STREAM_EVENTS.telemetry };
    const watchers = await Sockets.open({
      ...task,
      groups: Array.from({ length: AUDIENCE }, (_, n) => robotGroup(robotOf(n))),
    });
    const latency = await measureLatency(watchers, nc);
    await watchers.close();
    const fleet = await Sockets.open({ ...task, groups: Array.from({ length: AUDIENCE }, () => 'fleet') });
    const options = { total: BROADCASTS, audience: AUDIENCE, ahead: AHEAD };
    const ours = await deliveriesPerSecond(fleet, options, (n) => publishOne(nc, n));
    await fleet.close();
    return lines(latency, ours, await rawFanOut());
  } finally {
    await nc.close();
    await platform.stop();
  }
}

type Latency = ReturnType<typeof quantilesOf>;

/** Open loop: the sender keeps its pace whatever the receivers do. */
async function measureLatency(sockets: Sockets, nc: NatsConnection): Promise<Latency> {
  const total = RATE_HZ * LATENCY_SECONDS;
  const startedAt = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1_000) * RATE_HZ);
    while (sent < due) publishOne(nc, sent++);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await sockets.until(total);
  // The first second warms up code and connections.
  return quantilesOf(sockets.latenciesMs.slice(RATE_HZ));
}

async function rawFanOut(): Promise<number> {
  const server = new Worker(new URL('./raw-broadcast.worker.js', import.meta.url));
  const [port] = await once(server, 'message');
  const event = STREAM_EVENTS.telemetry;
  const groups = Array.from({ length: AUDIENCE }, () => '');
  const sockets = await Sockets.open({ url: `http://127.0.0.1:${port}`, token: '', event, groups });
  const options = { total: BROADCASTS, audience: AUDIENCE, ahead: AHEAD };
  const eventId = 'x'.repeat(60);
  const rate = await deliveriesPerSecond(sockets, options, (n) => {
    const payload = { ...body(robotOf(n), n), eventId };
    server.postMessage({ event, payload });
  });
  await sockets.close();
  await server.terminate();
  return rate;
}

function lines(latency: Latency, ours: number, limit: number): Line[] {
  const how = `${RATE_HZ} messages/s from robots, ${AUDIENCE} sockets, one robot each`;
  const line = (name: string, value: number, goal = '', met = true): Line => ({
    name,
    ours: value,
    unit: 'ms',
    goal,
    met,
    how,
  });
  return [
    line('publish → browser p50', latency.p50),
    line('publish → browser p95', latency.p95),
    line('publish → browser p99', latency.p99, '< 25', latency.p99 < 25),
    {
      name: 'fan-out to 100 sockets',
      ours,
      limit,
      unit: 'deliveries/s',
      goal: '≥ 0.8',
      met: ours >= 0.8 * limit,
      how: 'limit: bare Socket.IO broadcast, same payload, same clients',
    },
  ];
}
