import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { CONSUMERS } from '#libs/contracts';
import { provisionStreams } from '../../scripts/embedded/provision-streams.js';
import { connectAdmin } from '../support/admin-connection.js';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const ROBOT_ID = 'RB-R';
const SAMPLES = 50;

/** docs/operations.md, "Backup and restore": each thing that may be lost, lost in the worst way. */
describe('restore', () => {
  let platform: TestPlatform;
  let admin: Api;
  let robot: BareRobot;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    robot = await BareRobot.enrol(admin, ROBOT_ID);
    await robot.send('identity', { model: 'R-1', firmwareVersion: '1' });
    await robot.send('identity', { model: 'R-1', firmwareVersion: '2' });
    await robot.send('settings.reported', { speed: 2 });
    for (let n = 1; n <= SAMPLES; n++) await robot.send('telemetry', { n });
    await robot.send('status', { state: 'idle' });
    await waitFor(() => everythingIsKnown());
  }, 120_000);

  afterAll(async () => {
    await robot.close();
    await platform.stop();
  });

  async function everythingIsKnown(): Promise<boolean> {
    const [identity, settings, status, samples] = await Promise.all(
      ['identity', 'settings/reported', 'status', `telemetry/samples?limit=${SAMPLES + 1}`].map((path) =>
        admin.get(`/api/v1/robots/${ROBOT_ID}/${path}`),
      ),
    );
    const known = [identity, settings, status].map((answer) => answer!.body.payload);
    return (
      JSON.stringify(known) === '[{"model":"R-1","firmwareVersion":"2"},{"speed":2},{"state":"idle"}]' &&
      samples!.body.length === SAMPLES
    );
  }

  const provision = (): Promise<unknown> =>
    provisionStreams({ url: platform.natsUrl, credsFile: platform.credsFile('provisioner'), replicas: 1 });

  async function dropSchemas(...schemas: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: platform.databaseUrl });
    await client.connect();
    for (const schema of schemas) await client.query(`DROP SCHEMA "${schema}" CASCADE`);
    await client.end();
  }

  async function removeDurables(): Promise<void> {
    const nc = await connectAdmin(platform);
    const { consumers } = await jetstreamManager(nc);
    for (const { stream, durable } of Object.values(CONSUMERS)) await consumers.delete(stream, durable);
    await nc.close();
  }

  it('an older database gets back what the streams still hold, once', async () => {
    await platform.kill('all-in-one');
    await dropSchemas('robots', 'commands', 'telemetry');
    await removeDurables();
    await provision();
    await platform.restart('all-in-one');
    await waitFor(() => everythingIsKnown(), 30_000);
    const history = await admin.get(`/api/v1/robots/${ROBOT_ID}/identity/history`);
    expect(history.body.map(({ payload }: any) => payload.firmwareVersion)).toEqual(['2', '1']);
  });

  it('durables that begin again change nothing that is stored', async () => {
    await platform.kill('all-in-one');
    await removeDurables();
    await provision();
    await platform.restart('all-in-one');
    await robot.send('telemetry', { n: SAMPLES + 1 });
    await waitFor(async () => (await admin.get(`/api/v1/robots/${ROBOT_ID}/telemetry`)).body.payload.n === SAMPLES + 1);
    const samples = await admin.get(`/api/v1/robots/${ROBOT_ID}/telemetry/samples?limit=${2 * SAMPLES}`);
    expect(samples.body).toHaveLength(SAMPLES + 1);
    const history = await admin.get(`/api/v1/robots/${ROBOT_ID}/identity/history`);
    expect(history.body).toHaveLength(2);
  });

  it('after the broker lost everything but its keys, robots work again once their durables are made', async () => {
    const sold = await BareRobot.enrol(admin, 'RB-SOLD');
    await sold.close();
    expect((await admin.delete('/api/v1/robots/RB-SOLD/credentials')).status).toBe(204);
    await platform.kill('all-in-one');
    await platform.kill('nats-server');
    const directory = dirname(platform.credsFile('admin'));
    for (const folder of ['store', 'accounts']) rmSync(join(directory, folder), { recursive: true });
    await platform.restart('nats-server');
    await provision();
    await platform.restart('all-in-one');
    await robot.send('status', { state: 'after the loss' });
    await waitFor(
      async () => (await admin.get(`/api/v1/robots/${ROBOT_ID}/status`)).body.payload.state === 'after the loss',
    );
    expect((await admin.post(`/api/v1/robots/${ROBOT_ID}/credentials`, { transport: 'nats' })).status).toBe(201);
    const commands: string[] = [];
    await robot.onCommand(({ payload }) => commands.push(payload['commandType']));
    await admin.post(`/api/v1/robots/${ROBOT_ID}/commands`, { commandType: 'wave', payload: {} });
    await waitFor(() => commands.includes('wave'));
    await waitFor(() => isRefused(sold));
  });

  async function isRefused({ robotId, credentials }: BareRobot): Promise<boolean> {
    const again = await BareRobot.connect(robotId, credentials).catch(() => undefined);
    await again?.close();
    return again === undefined;
  }
});
