import { fork } from 'node:child_process';
import { once } from 'node:events';
import { inboxPrefixOf, orchestratorEventSubject, type OrchestratorEvent } from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { Api } from '../support/api.js';
import { binaryOf, publish } from '../support/firmware.js';
import { crowdOf } from '../support/mall-crowd.js';
import type { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { Audience } from './malls-audience.js';
import { residentBytes } from './malls-memory.js';
import { type Line, type Quantiles, quantilesOf } from './report.js';

const ORCHESTRATORS = 2_000;
const ROUNDS = 10;
/** The first ones warm up code and connections. */
const WARM_UP = 3;
const RELEASES = 3;
const PATH = '/api/orchestrators/events';
const PROBE = 100_000;

const now = (): number => performance.timeOrigin + performance.now();

interface Measured {
  readonly burst: Quantiles;
  readonly bytesPerConnection: number;
}

/** One event to every connected orchestrator: from the broker and from a release, beside what bare sockets take. */
export async function benchMallEvents(): Promise<Line[]> {
  const env = { ORCHESTRATOR_PING_MS: '3600000', RATE_LIMIT_USER_PER_MINUTE: '1000000' };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    const crowd = await crowdOf(platform, ORCHESTRATORS, 'bench');
    await warmUp(platform, crowd);
    const before = residentBytes(platform.pid('gateway'));
    const audience = await Audience.open(taskOf(platform.url, crowd));
    const bytesPerConnection = (residentBytes(platform.pid('gateway')) - before) / ORCHESTRATORS;
    const burst = await bursts(platform, crowd, audience);
    const release = await releases(platform, audience);
    await audience.close();
    return lines({ burst, bytesPerConnection }, release, await bare(crowd));
  } finally {
    await platform.stop();
  }
}

function taskOf(url: string, crowd: readonly MallOrchestrator[]) {
  return { port: Number(new URL(url).port), path: PATH, tokens: crowd.map(({ token }) => token) };
}

/** Connects some once, so that what a first connection loads is not counted for all. */
async function warmUp(platform: TestPlatform, crowd: readonly MallOrchestrator[]): Promise<void> {
  const some = await Audience.open(taskOf(platform.url, crowd.slice(0, 100)));
  await some.close();
}

function eventOf(round: number): OrchestratorEvent {
  const data = {
    firmware_id: `esp32c3-9-0-${round}`,
    version: `9.0.${round}`,
    device_type: 'beacon',
    target: 'esp32c3',
    file_size: 1_048_576,
    checksum: `sha256:${'a'.repeat(64)}`,
    signature: 'x'.repeat(96),
    download_url: 'http://127.0.0.1/api/firmware/esp32c3/download',
    changelog: ['Faster'],
    released_at: new Date().toISOString(),
  };
  return { event: 'firmware_update', data };
}

/** Publishes one event per entity, as the outbox does, and waits until each has been read. */
async function bursts(
  platform: TestPlatform,
  crowd: readonly MallOrchestrator[],
  audience: Audience,
): Promise<Quantiles> {
  const broker = await BrokerConnection.open({
    url: platform.natsUrl,
    credsFile: platform.credsFile('admin'),
    name: 'bench',
    inboxPrefix: inboxPrefixOf('admin'),
  });
  const publisher = new JetStreamPublisher(broker);
  const latenciesMs: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const body = JSON.stringify(eventOf(round));
    const startedAt = now();
    await Promise.all(
      crowd.map(({ entityId }) =>
        publisher.publish(orchestratorEventSubject(entityId), body, { messageId: `bench:${round}:${entityId}` }),
      ),
    );
    const readAt = await audience.until(round, ORCHESTRATORS);
    if (round >= WARM_UP) latenciesMs.push(...readAt.map((atMs) => atMs - startedAt));
  }
  publisher.close();
  await broker.close();
  return quantilesOf(latenciesMs);
}

/** Publishes a firmware as a person does; from the answer until the last orchestrator has read of it. */
async function releases(platform: TestPlatform, audience: Audience): Promise<Quantiles> {
  const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
  const latenciesMs: number[] = [];
  for (let n = 0; n < RELEASES; n++) {
    const round = PROBE + n;
    await publish(admin, { version: `9.0.${round}` }, binaryOf(1_024));
    const startedAt = now();
    const readAt = await audience.until(round, ORCHESTRATORS);
    latenciesMs.push(...readAt.map((atMs) => atMs - startedAt));
  }
  return quantilesOf(latenciesMs);
}

/** The same bytes to as many sockets from a server that does nothing else. */
async function bare(crowd: readonly MallOrchestrator[]): Promise<Measured> {
  const server = fork(new URL('./malls-raw-events.worker.js', import.meta.url));
  const [port] = await once(server, 'message');
  const url = `http://127.0.0.1:${port}`;
  await (await Audience.open(taskOf(url, crowd.slice(0, 100)))).close();
  const before = residentBytes(server.pid);
  const audience = await Audience.open(taskOf(url, crowd));
  const bytesPerConnection = (residentBytes(server.pid) - before) / ORCHESTRATORS;
  const latenciesMs: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const { event, data } = eventOf(round);
    const startedAt = now();
    server.send(`event: ${event}\nid: evt-205000000000000\ndata: ${JSON.stringify(data)}\n\n`);
    const readAt = await audience.until(round, ORCHESTRATORS);
    if (round >= WARM_UP) latenciesMs.push(...readAt.map((atMs) => atMs - startedAt));
  }
  await audience.close();
  server.kill('SIGKILL');
  return { burst: quantilesOf(latenciesMs), bytesPerConnection };
}

function lines(ours: Measured, release: Quantiles, limit: Measured): Line[] {
  const how = `one event for each of ${ORCHESTRATORS} connected entities from the first publish on; limit: a bare server writes the same bytes to as many sockets`;
  const line = (name: string, quantile: 'p50' | 'p99', goal = '', met = true): Line => ({
    name,
    ours: ours.burst[quantile],
    limit: limit.burst[quantile],
    unit: 'ms',
    goal,
    met,
    how,
  });
  return [
    line('malls: event → 2,000 orchestrators p50', 'p50'),
    line('malls: event → 2,000 orchestrators p99', 'p99', '< 1,000', ours.burst.p99 < 1_000),
    {
      name: 'malls: release → 2,000 orchestrators p99',
      ours: release.p99,
      unit: 'ms',
      goal: '< 5,000',
      met: release.p99 < 5_000,
      how: 'from the answer to an upload: 20 pages of entities, outbox, stream, gateway',
    },
    {
      name: 'malls: gateway memory per event stream',
      ours: ours.bytesPerConnection / 1_024,
      limit: limit.bytesPerConnection / 1_024,
      unit: 'KiB',
      goal: '< 64',
      met: ours.bytesPerConnection < 64 * 1_024,
      how: 'resident memory after connecting minus before, of one process',
    },
  ];
}
