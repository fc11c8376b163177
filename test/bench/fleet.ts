import { readFileSync } from 'node:fs';
import { ROBOT_SUBJECTS, robotSubject } from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { Api } from '../support/api.js';
import { startPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { type Line, quantilesOf } from './report.js';

const ROBOTS = 10_000;
const CALLS = 100;
const QUERIES: Readonly<Record<string, string>> = {
  'fleet: first page of 100': '?limit=100',
  'fleet: by tag': '?limit=100&tag=bench',
  'fleet: by text': '?limit=100&q=bench-0777',
  'fleet: by presence': '?limit=100&presence=online',
};

/** (d) Ten thousand robots that reported themselves: the list, its filters, and what the process weighs. */
export async function benchFleet(): Promise<Line[]> {
  const env = { RATE_LIMIT_USER_PER_MINUTE: '10000000' };
  const platform = await startPlatform({ topology: 'all-in-one', durable: true, env });
  try {
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    await register(platform);
    await waitFor(async () => total(await admin.get('/api/v1/robots?limit=1')) >= ROBOTS, 120_000);
    await admin.put('/api/v1/robots/bench-00777', { tags: ['bench'] });
    const lines: Line[] = [];
    for (const [name, query] of Object.entries(QUERIES)) {
      const { p99 } = quantilesOf(await time(() => admin.get(`/api/v1/robots${query}`)));
      lines.push({
        name: `${name}, p99`,
        ours: p99,
        unit: 'ms',
        goal: '< 50',
        met: p99 < 50,
        how: `${CALLS} calls one after the other`,
      });
    }
    const megabytes = residentMegabytes(platform.pid('all-in-one'));
    return [
      ...lines,
      {
        name: 'fleet: memory of the process',
        ours: megabytes,
        unit: 'MB',
        goal: '',
        met: true,
        how: `VmRSS with ${ROBOTS} robots`,
      },
    ];
  } finally {
    await platform.stop();
  }
}

const total = ({ headers }: { headers: Headers }): number => Number(headers.get('x-total-count') ?? 0);

async function register(platform: { natsUrl: string; credsFile(user: string): string }): Promise<void> {
  const broker = await BrokerConnection.open({
    url: platform.natsUrl,
    credsFile: platform.credsFile('admin'),
    name: 'bench',
    inboxPrefix: '_INBOX_admin',
  });
  const publisher = new JetStreamPublisher(broker);
  for (let first = 0; first < ROBOTS; first += 1_000) {
    await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => identify(publisher, `bench-${String(first + i).padStart(5, '0')}`)),
    );
  }
  publisher.close();
  await broker.close();
}

async function identify(publisher: JetStreamPublisher, robotId: string): Promise<void> {
  const messageId = crypto.randomUUID();
  const payload = { model: 'M1', vendor: 'Bench', firmwareVersion: '1.0.0', serialNumber: `SN-${robotId}` };
  const body = { payloadVersion: 1, messageId, robotId, sentAt: new Date().toISOString(), type: 'identity', payload };
  await publisher.publish(robotSubject(ROBOT_SUBJECTS.identity, robotId), JSON.stringify(body), {
    messageId: `${robotId}:identity:${messageId}`,
  });
}

async function time(call: () => Promise<unknown>): Promise<number[]> {
  const durations: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const startedAt = performance.now();
    await call();
    durations.push(performance.now() - startedAt);
  }
  return durations;
}

function residentMegabytes(pid: number | undefined): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
