import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintUser } from '#libs/auth';
import { inboxPrefixOf, robotConsumers, robotUser } from '#libs/contracts';
import { BrokerConnection, provision, provisionConsumer } from '#libs/jetstream';
import { startTestBroker, type TestBroker } from '../../../test/support/broker.js';
import { readOptions } from './options.js';
import { runSimulator } from './simulator.js';

const FLEET = 6;

interface Line {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

describe('the simulator', () => {
  let broker: TestBroker;
  let platform: BrokerConnection;
  let gateway: Server;
  let url: string;
  let requests: string[] = [];
  const dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));

  beforeAll(async () => {
    broker = await startTestBroker();
    platform = await BrokerConnection.open({
      url: broker.url,
      credsFile: broker.credsFile('admin'),
      name: 'admin',
      inboxPrefix: inboxPrefixOf('admin'),
    });
    await provision(platform, { replicas: 1 });
    gateway = createServer((request, response) => {
      const path = request.url ?? '';
      requests.push(path);
      request.resume();
      const robotId = /robots\/([^/]+)\/credentials/.exec(path)?.[1];
      void (robotId === undefined ? Promise.resolve({ accessToken: 't' }) : issue(robotId)).then((answer) =>
        response.end(JSON.stringify(answer)),
      );
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  });

  beforeEach(() => void (requests = []));

  afterAll(async () => {
    gateway.closeAllConnections();
    gateway.close();
    await platform.close();
    await broker.stop();
    rmSync(dataDir, { recursive: true });
  });

  async function issue(robotId: string): Promise<object> {
    const durables = robotConsumers(robotId);
    for (const durable of Object.values(durables)) await provisionConsumer(platform, durable);
    const { creds } = await mintUser(broker.keys, { name: robotId, permissions: robotUser(robotId, durables) });
    return {
      creds,
      urls: [broker.url],
      inboxPrefix: inboxPrefixOf(robotId),
      stream: durables.commands.stream,
      consumer: durables.commands.durable,
      settingsConsumer: durables.settings.durable,
    };
  }

  /** Runs until the fleet has started, then stops it. */
  async function runOnce(more: readonly string[] = []): Promise<{ lines: Line[]; startMs: number; stopMs: number }> {
    const lines: Line[] = [];
    const stopping = new AbortController();
    let stoppedAt = 0;
    const note = (event: string, fields = {}): void => {
      lines.push({ event, fields });
      if (event !== 'fleet_started') return;
      stoppedAt = Date.now();
      stopping.abort();
    };
    const args = [
      '--url',
      url,
      '--robots',
      String(FLEET),
      '--password',
      'x',
      '--data-dir',
      dataDir,
      '--steady',
      ...more,
    ];
    const startedAt = Date.now();
    await runSimulator(readOptions(args, {}), { info: note, warn: note, error: note }, stopping.signal);
    return { lines, startMs: stoppedAt - startedAt, stopMs: Date.now() - stoppedAt };
  }

  it('enrols its robots at the gateway, and the next time needs no gateway', async () => {
    const first = await runOnce();
    expect(requests).toHaveLength(1 + FLEET);
    expect(readdirSync(join(dataDir, 'simulator'))).toHaveLength(FLEET);
    expect(first.lines.map(({ event }) => event)).toEqual(['fleet_started', 'fleet_stopped']);
    expect(first.lines[0]?.fields).toMatchObject({ robots: FLEET, connected: FLEET, dropped: 0 });
    requests = [];
    const second = await runOnce();
    expect(requests).toEqual([]);
    expect(second.lines[0]?.fields).toMatchObject({ connected: FLEET });
    expect(second.startMs).toBeLessThan(2_000);
    expect(second.stopMs).toBeLessThan(2_000);
  });

  it('asks for new credentials when its own are of an older platform', async () => {
    await runOnce();
    const { consumer, stream } = { consumer: robotConsumers('RB-002').commands.durable, stream: 'ROBOT_COMMANDS' };
    const manager = await platform.nc.request(`$JS.API.CONSUMER.DELETE.${stream}.${consumer}`);
    expect(manager.json()).toMatchObject({ success: true });
    requests = [];
    const { lines } = await runOnce();
    expect(requests).toEqual(['/api/v1/auth/login', '/api/v1/robots/RB-002/credentials']);
    expect(lines.map(({ event }) => event)).toEqual(['credentials_outdated', 'fleet_started', 'fleet_stopped']);
  });

  it('fails with a reason when no robot can be started', async () => {
    const other = mkdtempSync(join(tmpdir(), 'simulator-'));
    const args = ['--url', url, '--robots', '3', '--data-dir', other];
    const lines: Line[] = [];
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (event: string, fields = {}) => lines.push({ event, fields }),
    };
    const run = runSimulator(readOptions(args, {}), log, new AbortController().signal);
    await expect(run).rejects.toThrow(/No robot could be started\. There is no password/);
    expect(lines).toMatchObject([
      { event: 'robots_not_started', fields: { robot_ids: ['RB-001', 'RB-002', 'RB-003'] } },
    ]);
    rmSync(other, { recursive: true });
  });
});
