import { jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { CONSUMERS } from '#libs/contracts';
import { connectAdmin } from '../support/admin-connection.js';
import { type Answer, Api } from '../support/api.js';
import { BareRobot, type WireEnvelope } from '../support/bare-robot.js';
import { HubClient } from '../support/hub-client.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

/** What is published while a service is down is not lost: stop it, publish, start it, look. */
describe('nothing is lost while a service is away', () => {
  let platform: TestPlatform;
  let admin: Api;
  let viewer: Api;
  let robot: BareRobot;
  let hub: HubClient;
  const commands: WireEnvelope[] = [];

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate' });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    viewer = await Api.login(platform.url, 'viewer', platform.passwords.viewer);
    robot = await BareRobot.enrol(admin, 'RB-D');
    await robot.onCommand((command) => commands.push(command));
    await robot.send('status', { n: 0 });
    hub = await HubClient.open(platform.url, viewer.token);
    await hub.join('robot:RB-D');
  }, 120_000);

  afterAll(async () => {
    hub.close();
    await robot.close();
    await platform.stop();
  });

  async function whileDown(app: string, publish: () => Promise<unknown>): Promise<void> {
    await platform.kill(app);
    await publish();
    await platform.restart(app);
  }

  const read = async (path: string, fits: (body: any) => boolean): Promise<any> =>
    waitFor(async () => {
      const { status, body } = await viewer.get(path);
      return status === 200 && fits(body) && body;
    });

  it('ROB-063 ROB-064 ROB-065 ROB-067 stores what arrived while the registry was down, and tells the hub', async () => {
    await whileDown('robots', async () => {
      await robot.send('identity', { model: 'down', firmwareVersion: '9' });
      await robot.send('capability', { supportedCommands: ['down'] });
      await robot.send('status', { n: 1 });
      await robot.send('settings.reported', { speed: 1 });
      await robot.send('settings.reported', { speed: 2 });
    });
    await read('/api/v1/robots/RB-D/identity', ({ payload }) => payload.model === 'down');
    await read('/api/v1/robots/RB-D/capability', ({ payload }) => payload.supportedCommands[0] === 'down');
    await read('/api/v1/robots/RB-D/status', ({ payload }) => payload.n === 1);
    await read('/api/v1/robots/RB-D/settings/reported', ({ payload }) => payload.speed === 2);
    for (const event of ['robot.identity.updated', 'robot.capability.updated', 'robot.settings.updated'])
      await hub.next(event);
  });

  it('ROB-066 stores telemetry that arrived while its service was down, once each', async () => {
    await whileDown('telemetry', async () => {
      for (let n = 0; n < 50; n++) await robot.send('telemetry', { n });
    });
    await read('/api/v1/robots/RB-D/telemetry', ({ payload }) => payload.n === 49);
    const samples = await read(
      '/api/v1/robots/RB-D/telemetry/samples?limit=1000&order=asc',
      (body) => body.length === 50,
    );
    expect(samples.map(({ payload }: any) => payload.n)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('ROB-068 ROB-073 takes acknowledgements that arrived while the ledger was down', async () => {
    const { body } = await admin.post('/api/v1/robots/RB-D/commands', {
      commandType: 'dock',
      payload: {},
      timeoutMs: 60_000,
    });
    const command = await waitFor(() => commands.find(({ correlationId }) => correlationId === body.commandId));
    await whileDown('commands', async () => {
      await robot.ack(command, 'ACCEPTED');
      await robot.ack({ ...command, correlationId: crypto.randomUUID(), payload: {} }, 'COMPLETED');
      await robot.ack(command, 'COMPLETED');
    });
    const ledger = await read(`/api/v1/commands/${body.commandId}`, ({ status }) => status === 'COMPLETED');
    expect(ledger.lastAckAt).not.toBeNull();
  });

  it('publishes an accepted command after the ledger was killed, and the robot gets it once', async () => {
    const key = crypto.randomUUID();
    const send = (): Promise<Answer<any>> =>
      admin.post(
        '/api/v1/robots/RB-D/commands',
        { commandType: 'once', payload: {}, timeoutMs: 60_000 },
        { headers: { 'x-idempotency-key': key } },
      );
    const { body } = await send();
    await platform.kill('commands');
    await platform.restart('commands');
    const again = await waitFor(async () => {
      const answer = await send();
      return answer.status === 202 && answer;
    });
    expect(again.body.commandId).toBe(body.commandId);
    const command = await waitFor(() => commands.find(({ correlationId }) => correlationId === body.commandId));
    await robot.ack(command, 'COMPLETED');
    await read(`/api/v1/commands/${body.commandId}`, ({ status }) => status === 'COMPLETED');
    expect(commands.filter(({ correlationId }) => correlationId === body.commandId)).toHaveLength(1);
  });

  it('never delivers a command that was cancelled or ran out while the robot was away', async () => {
    const sleeper = await BareRobot.enrol(admin, 'RB-ASLEEP');
    await sleeper.send('status', {});
    await read('/api/v1/robots/RB-ASLEEP', () => true);
    const send = async (commandType: string, more: object): Promise<string> =>
      (await admin.post('/api/v1/robots/RB-ASLEEP/commands', { commandType, payload: {}, ...more })).body.commandId;
    const expired = await send('too-late', { timeoutMs: 1_000 });
    const cancelled = await send('changed-my-mind', { timeoutMs: 60_000 });
    const valid = await send('still-valid', { timeoutMs: 60_000 });
    expect((await admin.post(`/api/v1/commands/${cancelled}/cancel`)).status).toBe(200);
    await read(`/api/v1/commands/${expired}`, ({ status }) => status === 'TIMEOUT');
    const received: string[] = [];
    await sleeper.onCommand(({ payload }) => received.push(payload['commandType']));
    await waitFor(() => received.includes('still-valid'));
    expect(received.filter((type) => !['identify', 'report_capability'].includes(type))).toEqual(['still-valid']);
    await read(`/api/v1/commands/${valid}`, ({ status }) => status === 'REQUESTED');
    await sleeper.close();
  });

  it('ROB-020 ROB-053 still answers from the database after a restart', async () => {
    await platform.restart('robots');
    await read('/api/v1/robots/RB-D/identity', ({ payload }) => payload.model === 'down');
    await read('/api/v1/robots/RB-D/settings/reported', ({ payload }) => payload.speed === 2);
  });

  it('accepts nothing it cannot store while Postgres is away, and everything after', async () => {
    await platform.kill('postgres');
    const { status, body } = await admin.put('/api/v1/robots/RB-D', { notes: 'lost?' });
    expect(status).toBeGreaterThanOrEqual(500);
    expect(body.error.code).toMatch(/SERVICE_|INTERNAL_ERROR/);
    await robot.send('telemetry', { n: 1_000 });
    await platform.restart('postgres');
    await waitFor(async () => (await admin.put('/api/v1/robots/RB-D', { notes: 'kept' })).status === 200, 30_000);
    await read('/api/v1/robots/RB-D/telemetry', ({ payload }) => payload.n === 1_000);
  });

  it('ROB-033 ROB-034 ROB-035 ROB-036 ROB-037 has the documents’ tables and columns', async () => {
    const database = new pg.Client({ connectionString: platform.databaseUrl });
    await database.connect();
    const { rows } = await database.query<{ t: string; c: string; d: string }>(
      `SELECT table_schema || '.' || table_name AS t, column_name AS c, data_type AS d FROM information_schema.columns`,
    );
    await database.end();
    const columns = (table: string): Record<string, string> =>
      Object.fromEntries(rows.filter(({ t }) => t === table).map(({ c, d }) => [c, d]));
    expect(columns('robots.robots')).toMatchObject({
      robotId: 'text',
      displayName: 'text',
      isEnabled: 'boolean',
      tagsJson: 'jsonb',
      notes: 'text',
      lastSeenAt: 'timestamp with time zone',
      createdAt: 'timestamp with time zone',
      updatedAt: 'timestamp with time zone',
    });
    expect(columns('robots.robot_identity_snapshots')).toMatchObject({
      snapshotId: 'uuid',
      robotId: 'text',
      firmwareVersion: 'text',
      model: 'text',
      vendor: 'text',
      serialNumber: 'text',
      payloadJson: 'jsonb',
      receivedAt: 'timestamp with time zone',
    });
    expect(columns('robots.robot_capability_snapshots')).toMatchObject({ snapshotId: 'uuid', payloadJson: 'jsonb' });
    expect(columns('commands.robot_command_log')).toMatchObject({
      commandId: 'uuid',
      commandType: 'text',
      payloadJson: 'jsonb',
      requestedByUserId: 'uuid',
      requestedAt: 'timestamp with time zone',
      lastAckAt: 'timestamp with time zone',
      status: 'text',
    });
  });

  it('ROB-017 leaves every durable caught up', async () => {
    const nc = await connectAdmin(platform);
    const manager = await jetstreamManager(nc);
    // What a killed process had in hand comes again when its time to acknowledge has run out.
    for (const { stream, durable, ackWaitMs } of Object.values(CONSUMERS)) {
      await waitFor(async () => {
        const info = await manager.consumers.info(stream, durable);
        return info.num_pending === 0 && info.num_ack_pending === 0;
      }, ackWaitMs * 2);
    }
    await nc.close();
  }, 180_000);
});
