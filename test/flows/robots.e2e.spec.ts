import { inboxPrefixOf, ROBOTS_REQUESTS } from '#libs/contracts';
import { BrokerConnection, RpcClient } from '#libs/jetstream';
import { connectAdmin } from '../support/admin-connection.js';
import { Api } from '../support/api.js';
import { BareRobot, type WireEnvelope } from '../support/bare-robot.js';
import { HubClient } from '../support/hub-client.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const IDENTITY = { model: 'M-200', vendor: 'Acme', firmwareVersion: '1.4.2', serialNumber: 'SN-77' };
const CAPABILITY = {
  supportedCommands: ['goto', 'dock'],
  maxSpeedMps: 1.5,
  sensors: ['lidar', 'imu'],
  payloadKg: 20,
  charging: true,
  docking: { type: 'contact' },
};

/** The same flows, once with everything in one process and once with a process per app as in Kubernetes. */
describe.each(['all-in-one', 'separate'] as const)('robots end to end (%s)', (topology) => {
  let platform: TestPlatform;
  let admin: Api;
  let operator: Api;
  let viewer: Api;
  let hub: HubClient;

  beforeAll(async () => {
    platform = await startPlatform({ topology });
    const login = (name: 'admin' | 'operator' | 'viewer'): Promise<Api> =>
      Api.login(platform.url, name, platform.passwords[name]);
    [admin, operator, viewer] = await Promise.all([login('admin'), login('operator'), login('viewer')]);
    hub = await HubClient.open(platform.url, viewer.token);
    expect(await hub.join('fleet')).toMatchObject({ ok: true });
  }, 120_000);

  afterAll(async () => {
    hub.close();
    await platform.stop();
  });

  /** Enrols a robot that notes every command envelope it is sent. */
  async function robotWithCommands(robotId: string): Promise<{ robot: BareRobot; commands: WireEnvelope[] }> {
    const robot = await BareRobot.enrol(admin, robotId);
    const commands: WireEnvelope[] = [];
    await robot.onCommand((command) => commands.push(command));
    return { robot, commands };
  }

  const commandOf = (commands: WireEnvelope[], type: string): Promise<WireEnvelope> =>
    waitFor(() => commands.find(({ payload }) => payload['commandType'] === type));

  it('ROB-018 ROB-019 ROB-021 asks a robot it meets for identity first, then capability, and stores both', async () => {
    const { robot, commands } = await robotWithCommands('RB-777');
    await robot.send('telemetry', { battery: 90 });
    const identify = await commandOf(commands, 'identify');
    expect(commands).toHaveLength(1);
    await robot.send('identity', IDENTITY, { correlationId: identify.correlationId });
    await commandOf(commands, 'report_capability');
    expect(commands.map(({ payload }) => payload['commandType'])).toEqual(['identify', 'report_capability']);
    await robot.send('capability', CAPABILITY);
    const capability = await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-777/capability')));
    expect(capability).toMatchObject({ robotId: 'RB-777', payload: CAPABILITY });
    expect((await viewer.get('/api/v1/robots/RB-777')).body).toMatchObject({
      identity: IDENTITY,
      capability: CAPABILITY,
    });
    await robot.close();
  });

  it('ROB-074 ROB-046 ROB-040 lists a robot that nobody registered', async () => {
    const { robot } = await robotWithCommands('RB-NEW');
    await robot.send('status', { state: 'IDLE' });
    const listed = await waitFor(async () => {
      const { body } = await viewer.get<Record<string, unknown>[]>('/api/v1/robots?limit=1000');
      return body.find(({ robotId, lastSeenAt }) => robotId === 'RB-NEW' && lastSeenAt !== null);
    });
    expect(listed).toMatchObject({
      isEnabled: true,
      displayName: 'RB-NEW',
      identity: null,
      capability: null,
      reportedSettings: null,
    });
    await robot.close();
  });

  it('ROB-002 ROB-026 ROB-050 ROB-061 changes metadata and leaves what the robot said alone', async () => {
    const { robot } = await robotWithCommands('RB-META');
    const sent = await robot.send('identity', IDENTITY);
    await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-META/identity')));
    const update = {
      displayName: 'Dock bot',
      tags: ['dock', 'night'],
      notes: 'left wheel',
      isEnabled: true,
      mapId: 'm1',
    };
    const { status, body } = await operator.put('/api/v1/robots/RB-META', update);
    expect({ status, body }).toMatchObject({ status: 200, body: update });
    const event = await hub.next('robot.meta.updated', ({ robotId }) => robotId === 'RB-META');
    expect(event.payload).toMatchObject({ robotId: 'RB-META', tags: ['dock', 'night'] });
    await robot.send('identity', { ...IDENTITY, firmwareVersion: '1.5.0' });
    const after = await waitFor(async () => {
      const { body: dto } = await viewer.get('/api/v1/robots/RB-META');
      return dto.identity?.firmwareVersion === '1.5.0' && dto;
    });
    expect(after).toMatchObject(update);
    const history = await viewer.get('/api/v1/robots/RB-META/identity/history');
    expect(history.body.map(({ payload }: { payload: object }) => payload)).toContainEqual(sent.payload);
    await robot.close();
  });

  it('ROB-026 refuses commands from the moment a robot is disabled, and takes them from the moment it is enabled', async () => {
    const { robot } = await robotWithCommands('RB-SWITCH');
    const path = '/api/v1/robots/RB-SWITCH';
    const statuses: number[] = [];
    for (const isEnabled of Array.from({ length: 20 }, (_, n) => n % 2 === 1)) {
      expect((await operator.put(path, { isEnabled })).status).toBe(200);
      statuses.push((await operator.post(`${path}/commands`, { commandType: 'dock', payload: {} })).status);
    }
    expect(statuses).toEqual(Array.from({ length: 20 }, (_, n) => (n % 2 === 1 ? 202 : 409)));
    await robot.close();
  });

  it('ROB-005 changes metadata over the hub as well', async () => {
    const { robot } = await robotWithCommands('RB-HUB');
    await robot.send('status', {});
    await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-HUB')));
    const desk = await HubClient.open(platform.url, operator.token);
    expect(await desk.say('robot.update', { robotId: 'RB-HUB', displayName: 'From the hub' })).toMatchObject({
      ok: true,
    });
    await hub.next(
      'robot.meta.updated',
      ({ robotId, displayName }) => robotId === 'RB-HUB' && displayName === 'From the hub',
    );
    expect((await viewer.get('/api/v1/robots/RB-HUB')).body.displayName).toBe('From the hub');
    desk.close();
    await robot.close();
  });

  it('ROB-007 ROB-052 ROB-053 ROB-043 bridges settings: desired goes out, reported is the truth', async () => {
    const { robot } = await robotWithCommands('RB-SET');
    const desired: WireEnvelope[] = [];
    await robot.onSettings((settings) => desired.push(settings));
    await robot.send('settings.reported', { speed: 1 });
    await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-SET/settings/reported')));
    for (const body of [{}, { payload: 'x' }, { payload: [1] }]) {
      expect((await operator.put('/api/v1/robots/RB-SET/settings/desired', body)).status).toBe(400);
    }
    expect((await operator.put('/api/v1/robots/RB-SET/settings/desired', { payload: { speed: 2 } })).body).toEqual({
      ok: true,
    });
    const envelope = await waitFor(() => desired[0]);
    expect(envelope).toMatchObject({
      payloadVersion: 1,
      robotId: 'RB-SET',
      type: 'settings.desired',
      payload: { speed: 2 },
    });
    expect((await viewer.get('/api/v1/robots/RB-SET/settings/reported')).body.payload).toEqual({ speed: 1 });
    expect((await viewer.get('/api/v1/robots/RB-SET/settings/delta')).body).toMatchObject({
      inSync: false,
      delta: { '/speed': { desired: 2, reported: 1 } },
    });
    await robot.send('settings.reported', { speed: 1.5 });
    await hub.next('robot.settings.updated', ({ robotId, payload }) => robotId === 'RB-SET' && payload.speed === 1.5);
    expect((await viewer.get('/api/v1/robots/RB-SET/settings/reported')).body.payload).toEqual({ speed: 1.5 });
    expect(desired).toHaveLength(1);
    await robot.close();
  });

  it('ROB-051 ROB-062 ROB-072 ROB-038 carries a command out and shows every step', async () => {
    const { robot, commands } = await robotWithCommands('RB-CMD');
    await robot.send('status', {});
    await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-CMD')));
    const { status, body } = await operator.post('/api/v1/robots/RB-CMD/commands', {
      commandType: 'dock',
      payload: { fast: true },
    });
    expect(status).toBe(202);
    const command = await commandOf(commands, 'dock');
    expect(command).toMatchObject({ type: 'cmd', correlationId: body.commandId, robotId: 'RB-CMD' });
    expect(command.payload).toMatchObject({ commandId: body.commandId, commandType: 'dock', payload: { fast: true } });
    for (const [ack, more] of [
      ['ACCEPTED', {}],
      ['PROGRESS', { progress: 50 }],
      ['COMPLETED', { result: { dock: 2 } }],
    ] as const) {
      await robot.ack(command, ack, more);
    }
    await hub.next('robot.command.ack', (event) => event.commandId === body.commandId && event.ack === 'COMPLETED');
    const acks = hub.named('robot.command.ack').filter(({ payload }) => payload.commandId === body.commandId);
    expect(acks.map(({ payload }) => payload.ack)).toEqual(['ACCEPTED', 'PROGRESS', 'COMPLETED']);
    const wanted = ['requested', 'sent', 'delivered', 'acked', 'progress', 'result'];
    const ledger = await waitFor(async () => {
      const { body: read } = await viewer.get(`/api/v1/commands/${body.commandId}`);
      const kinds = read.timeline.map(({ kind }: { kind: string }) => kind);
      return wanted.every((kind) => kinds.includes(kind)) && read;
    });
    expect(ledger).toMatchObject({ status: 'COMPLETED', result: { dock: 2 } });
    await robot.close();
  });

  it('ROB-038 ends in FAILED when the robot says no and in TIMEOUT when it says nothing', async () => {
    const { robot, commands } = await robotWithCommands('RB-NO');
    await robot.send('status', {});
    await waitFor(async () => ok(await viewer.get('/api/v1/robots/RB-NO')));
    const refused = await operator.post('/api/v1/robots/RB-NO/commands', { commandType: 'fly', payload: {} });
    await robot.ack(await commandOf(commands, 'fly'), 'reject', { error: { code: 'UNSUPPORTED' } });
    const silent = await operator.post('/api/v1/robots/RB-NO/commands', {
      commandType: 'wait',
      payload: {},
      timeoutMs: 1_000,
    });
    const final = (id: string, status: string): Promise<any> =>
      waitFor(async () => {
        const { body } = await viewer.get(`/api/v1/commands/${id}`);
        return body.status === status && body;
      });
    expect(await final(refused.body.commandId, 'FAILED')).toMatchObject({ reason: 'rejected' });
    expect(await final(silent.body.commandId, 'TIMEOUT')).toMatchObject({ lastAckAt: null });
    await hub.next(
      'robot.command.updated',
      ({ commandId, status }) => commandId === silent.body.commandId && status === 'TIMEOUT',
    );
    await robot.close();
  });

  it('ROB-023 ROB-059 ROB-060 ROB-044 streams telemetry and status in order, as it comes', async () => {
    const { robot } = await robotWithCommands('RB-LIVE');
    const watcher = await HubClient.open(platform.url, viewer.token);
    expect(await watcher.join('robot:RB-LIVE')).toMatchObject({ ok: true });
    for (let n = 0; n < 10; n++) await robot.send('telemetry', { battery: 80 - n });
    await robot.send('status', { state: 'IDLE' });
    const status = await watcher.next('robot.status.updated');
    expect(status.payload).toMatchObject({ robotId: 'RB-LIVE', payload: { state: 'IDLE' } });
    await waitFor(() => watcher.named('robot.telemetry.updated').length === 10);
    const samples = watcher.named('robot.telemetry.updated');
    expect(samples.map(({ payload }) => payload.payload.battery)).toEqual([80, 79, 78, 77, 76, 75, 74, 73, 72, 71]);
    expect(Object.keys(samples[0]?.payload ?? {}).sort()).toEqual(['eventId', 'payload', 'receivedAt', 'robotId']);
    const latest = await waitFor(async () => {
      const { body } = await viewer.get('/api/v1/robots/RB-LIVE/telemetry');
      return body.payload?.battery === 71 && body;
    });
    expect(Object.keys(latest).sort()).toEqual(['payload', 'receivedAt', 'robotId']);
    watcher.close();
    await robot.close();
  });

  it('ROB-056 a robot room receives only that robot', async () => {
    const [one, two] = await Promise.all([robotWithCommands('RB-ONE'), robotWithCommands('RB-TWO')]);
    const watcher = await HubClient.open(platform.url, viewer.token);
    await watcher.join('robot:RB-ONE');
    await two.robot.send('status', { n: 1 });
    await one.robot.send('status', { n: 2 });
    await watcher.next('robot.status.updated', ({ payload }) => payload.n === 2);
    expect(watcher.events.every(({ payload }) => payload.robotId === 'RB-ONE')).toBe(true);
    watcher.close();
    await Promise.all([one.robot.close(), two.robot.close()]);
  });

  it('ROB-008 treats REAL and MOCK robots the same', async () => {
    const shape = async (robotId: string, mode: string): Promise<object> => {
      const { robot } = await robotWithCommands(robotId);
      await robot.send('identity', { ...IDENTITY, runtime: { mode } });
      const { payload } = await hub.next('robot.identity.updated', (event) => event.robotId === robotId);
      const dto = await waitFor(async () => {
        const { body } = await viewer.get(`/api/v1/robots/${robotId}`);
        return body.identity && body;
      });
      await robot.close();
      return { event: Object.keys(payload).sort(), dto: Object.keys(dto).sort(), identity: dto.identity };
    };
    expect(await shape('RB-REAL', 'REAL')).toEqual(await shape('RB-MOCK', 'MOCK'));
  });

  it('ROB-003 answers another service over the broker as it answers people over REST', async () => {
    const { robot } = await robotWithCommands('RB-ASKED');
    await robot.send('identity', IDENTITY);
    const path = '/api/v1/robots/RB-ASKED';
    const shown = await waitFor(async () => {
      const { body } = await viewer.get(path);
      return body.identity && body;
    });
    const broker = await BrokerConnection.open({
      url: platform.natsUrl,
      name: 'gateway',
      inboxPrefix: inboxPrefixOf('gateway'),
      credsFile: platform.credsFile('gateway'),
    });
    const answer = await new RpcClient(broker).ask(ROBOTS_REQUESTS.get, { robotId: 'RB-ASKED' });
    expect({ ...answer, lastSeenAt: null }).toEqual({ ...shown, lastSeenAt: null });
    await broker.close();
    await robot.close();
  });

  it('ROB-069 ROB-029 speaks to robots on two subjects alone', async () => {
    const nc = await connectAdmin(platform);
    const outgoing = new Set<string>();
    nc.subscribe('robots.>', { callback: (_error, message) => void outgoing.add(message.subject) });
    await nc.flush();
    await operator.put('/api/v1/robots/RB-META', { notes: 'again' });
    await operator.put('/api/v1/robots/RB-META/settings/desired', { payload: { a: 1 } });
    await operator.post('/api/v1/robots/RB-META/commands', { commandType: 'beep', payload: {} });
    await waitFor(() => outgoing.size >= 2);
    const ours = [...outgoing].filter((subject) => subject.endsWith('RB-META')).sort();
    expect(ours).toEqual(['robots.cmd.RB-META', 'robots.settings.desired.RB-META']);
    await nc.close();
  });

  it('ROB-075 moves lastSeenAt with every message of the robot and with nothing of ours', async () => {
    const { robot } = await robotWithCommands('RB-SEEN');
    const seenAt = async (): Promise<number> =>
      Date.parse((await viewer.get('/api/v1/robots/RB-SEEN')).body.lastSeenAt ?? 0);
    await robot.send('telemetry', { n: 1 });
    const first = await waitFor(seenAt);
    await operator.put('/api/v1/robots/RB-SEEN', { notes: 'ours' });
    expect(await seenAt()).toBe(first);
    await robot.send('telemetry', { n: 2 });
    expect(await waitFor(async () => (await seenAt()) > first && (await seenAt()))).toBeGreaterThan(first);
    await robot.close();
  });
});

function ok<T>({ status, body }: { status: number; body: T }): T | undefined {
  return status === 200 ? body : undefined;
}
