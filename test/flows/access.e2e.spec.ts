import { connect } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { isOpen, MACHINE_ROLES, type Role, type Route, ROUTES, satisfies } from '#libs/contracts';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { BeaconDevice } from '../support/beacon-device.js';
import { HubClient } from '../support/hub-client.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const PEOPLE = ['anonymous', 'viewer', 'operator', 'admin', 'driver', 'mobile'] as const;
type Caller = (typeof PEOPLE)[number] | (typeof MACHINE_ROLES)[number];
const REGISTRANTS: readonly string[] = ['viewer', 'operator', 'admin', 'orchestrator'];
const PASSWORD = 'a long enough password';

/** Logging out or deleting oneself in the middle of the walk would end it. */
const WALKED = Object.entries(ROUTES).filter(([name]) => name !== 'logout');

describe('nobody gets in where they do not belong', () => {
  let platform: TestPlatform;
  let apis: Record<Caller, Api>;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    const login = (name: 'admin' | 'operator' | 'viewer'): Promise<Api> =>
      Api.login(platform.url, name, platform.passwords[name]);
    const [admin, operator, viewer] = await Promise.all([login('admin'), login('operator'), login('viewer')]);
    const signUp = async (username: string, role: Role): Promise<Api> => {
      await admin.post('/api/v1/users', { username, password: PASSWORD, roles: [role] });
      return Api.login(platform.url, username, PASSWORD);
    };
    const [driver, mobile] = [await signUp('dora', 'driver'), await signUp('mona', 'mobile')];
    apis = { anonymous: new Api(platform.url), viewer, operator, admin, driver, mobile, ...(await devices(admin)) };
  }, 120_000);

  /** Devices with the tokens that they earned: by a signed registration, by a signed nonce, by credentials. */
  async function devices(admin: Api): Promise<Record<(typeof MACHINE_ROLES)[number], Api>> {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const { entityId } = orchestrator;
    const beacon = new BeaconDevice(entityId, orchestrator);
    await beacon.register();
    const { body: challenge } = await beacon.challenge(platform.url);
    const { body: proven } = await beacon.prove(platform.url, challenge);
    const { body: issued } = await admin.post('/api/v1/robots/RB-mall/credentials', {
      transport: 'http',
      entity_id: entityId,
    });
    const api = (token: string): Api => new Api(platform.url, token);
    return { orchestrator: api(orchestrator.token), beacon: api(proven.token), robot: api(issued.token) };
  }

  afterAll(() => platform.stop());

  /** A path with parameters that exist nowhere: who may pass gets past the policy, to 400 or 404. */
  const pathOf = ({ path }: Route): string =>
    path.replace(':robotId', 'NO-SUCH-ROBOT').replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000');

  const rolesOf = (caller: Caller): readonly Role[] => (caller === 'anonymous' ? [] : [caller]);

  /** What a route answers to an empty request; a stream is left when it has begun. */
  async function knock(caller: Caller, route: Route): Promise<{ status: number; code?: string }> {
    const { token } = apis[caller];
    const writes = route.method === 'POST' || route.method === 'PUT';
    const response = await fetch(platform.url + pathOf(route), {
      method: route.method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(writes && { 'content-type': 'application/json' }),
      },
      ...(writes && { body: '{}' }),
    });
    const { status } = response;
    if (!response.headers.get('content-type')?.includes('json')) {
      await response.body?.cancel();
      return { status };
    }
    const body: any = await response.json();
    return { status, code: body?.error?.code };
  }

  /** Registering needs no token, but is not for whoever shows that it is somebody else. */
  const isNoRegistrant = (caller: Caller, route: Route): boolean =>
    route === ROUTES.orchestratorsRegister && !rolesOf(caller).every((role) => REGISTRANTS.includes(role));

  async function expectItsDue(caller: Caller, route: Route): Promise<void> {
    const { status, code } = await knock(caller, route);
    if (route.policy === 'Public') return expect(status === 403).toBe(isNoRegistrant(caller, route));
    if (caller === 'anonymous') return expect({ status, code }).toEqual({ status: 401, code: 'AUTH_REQUIRED' });
    if (route.policy === 'LastToken') return expect(status < 300).toBe(caller === 'orchestrator');
    if (!satisfies(route.policy, rolesOf(caller))) {
      return expect({ status, code }).toEqual({ status: 403, code: 'ACCESS_DENIED' });
    }
    expect([401, 403]).not.toContain(status);
    expect(status).toBeLessThan(500);
  }

  describe.each(PEOPLE)('%s', (caller) => {
    it.each(WALKED)('ROB-009 ROB-010 ROB-012 ROB-013 ORC-086 %s', (_name, route) => expectItsDue(caller, route));
  });

  describe.each(MACHINE_ROLES)('a real %s', (caller) => {
    it.each(WALKED)('ORC-083 ORC-084 ORC-085 %s', (_name, route) => expectItsDue(caller, route));
  });

  it('asks something of every role', () => {
    const closed = WALKED.filter(([, { policy }]) => !isOpen(policy));
    for (const role of [...MACHINE_ROLES, 'mobile'] as const) {
      const admitted = closed.filter(([, { policy }]) => satisfies(policy, [role])).length;
      expect([role, admitted > 0, admitted < closed.length / 2]).toEqual([role, true, true]);
    }
  });

  it('ROB-009 ROB-010 refuses the hub without a token', async () => {
    await expect(HubClient.open(platform.url)).rejects.toBeInstanceOf(Error);
    await expect(HubClient.open(platform.url, 'not-a-token')).rejects.toBeInstanceOf(Error);
  });

  it.each(['driver', 'mobile', ...MACHINE_ROLES] as const)('ROB-010 shows the fleet to no %s', async (caller) => {
    const client = await HubClient.open(platform.url, apis[caller].token).catch(() => undefined);
    expect((await client?.join('fleet')) ?? 'refused').not.toMatchObject({ ok: true });
    client?.close();
  });

  it('ROB-054 refuses a namespace that is not the hub', async () => {
    await expect(HubClient.open(platform.url, apis.viewer.token, '/hubs/nothing')).rejects.toBeInstanceOf(Error);
  });

  it('ROB-012 lets a viewer watch and not change', async () => {
    const viewer = await HubClient.open(platform.url, apis.viewer.token);
    expect(await viewer.join('fleet')).toMatchObject({ ok: true });
    expect(await viewer.say('robot.update', { robotId: 'RB-1', displayName: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'ACCESS_DENIED' },
    });
    viewer.close();
  });

  it('refuses anonymous connections at the broker', async () => {
    await expect(connect({ servers: platform.natsUrl, maxReconnectAttempts: 0 })).rejects.toBeInstanceOf(Error);
  });

  it('keeps a robot to its own subjects at the broker', async () => {
    const robot = await BareRobot.enrol(apis.admin, 'RB-A');
    const other = await BareRobot.enrol(apis.admin, 'RB-B');
    await robot.send('status', {});
    for (const subject of [
      'robots.status.RB-B',
      'robots.cmd.RB-B',
      'robots.cmd.RB-A',
      'events.robots.RB-A.x',
      'rpc.robots.list',
    ]) {
      await expect(robot.sendRaw(subject, '{}')).rejects.toBeInstanceOf(Error);
    }
    await expect(
      jetstream(robot.nc).consumers.get('ROBOT_COMMANDS', other.credentials.consumer),
    ).rejects.toBeInstanceOf(Error);
    await Promise.all([robot.close(), other.close()]);
  });

  it('disconnects a robot whose credentials are revoked and lets it in again with new ones', async () => {
    const robot = await BareRobot.enrol(apis.admin, 'RB-R');
    await robot.send('status', {});
    const cut = (async () => {
      for await (const status of robot.nc.status()) if (status.type === 'disconnect') return true;
      return true;
    })();
    expect((await apis.admin.delete('/api/v1/robots/RB-R/credentials')).status).toBeLessThan(300);
    await cut;
    await robot.close();
    await expect(BareRobot.connect('RB-R', robot.credentials).then((r) => r.send('status', {}))).rejects.toBeInstanceOf(
      Error,
    );
    const again = await waitFor(() => BareRobot.enrol(apis.admin, 'RB-R'));
    await again.send('status', {});
    await again.close();
  });

  it('closes the sockets of a user that is deleted', async () => {
    const { body } = await apis.admin.post('/api/v1/users', {
      username: 'short',
      password: PASSWORD,
      roles: ['viewer'],
    });
    const user = await Api.login(platform.url, 'short', PASSWORD);
    const client = await HubClient.open(platform.url, user.token);
    await client.join('fleet');
    await apis.admin.delete(`/api/v1/users/${body.id}`);
    await waitFor(() => client.socket.disconnected);
    expect((await user.get('/api/v1/robots')).status).toBe(401);
  });
});
