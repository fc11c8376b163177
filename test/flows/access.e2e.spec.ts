import { connect } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { type Role, type Route, ROUTES, satisfies } from '#libs/contracts';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { HubClient } from '../support/hub-client.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const CALLERS = ['anonymous', 'viewer', 'operator', 'admin', 'driver'] as const;
type Caller = (typeof CALLERS)[number];

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
    await admin.post('/api/v1/users', { username: 'dora', password: 'a long enough password', roles: ['driver'] });
    const driver = await Api.login(platform.url, 'dora', 'a long enough password');
    apis = { anonymous: new Api(platform.url), viewer, operator, admin, driver };
  }, 120_000);

  afterAll(() => platform.stop());

  /** A path with parameters that exist nowhere: who may pass gets past the policy, to 400 or 404. */
  const pathOf = ({ path }: Route): string =>
    path.replace(':robotId', 'NO-SUCH-ROBOT').replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000');

  const rolesOf = (caller: Caller): readonly Role[] => (caller === 'anonymous' ? [] : [caller]);

  describe.each(CALLERS)('%s', (caller) => {
    it.each(WALKED)('ROB-009 ROB-010 ROB-012 ROB-013 %s', async (_name, route) => {
      const body = route.method === 'POST' || route.method === 'PUT' ? {} : undefined;
      const { status, body: answer } = await apis[caller].send<any>(route.method, pathOf(route), { body });
      if (route.policy === 'Public') return expect(status).not.toBe(403);
      if (caller === 'anonymous') {
        expect({ status, code: answer.error.code }).toEqual({ status: 401, code: 'AUTH_REQUIRED' });
      } else if (satisfies(route.policy, rolesOf(caller))) {
        expect([401, 403]).not.toContain(status);
        expect(status).toBeLessThan(500);
      } else {
        expect({ status, code: answer.error.code }).toEqual({ status: 403, code: 'ACCESS_DENIED' });
      }
    });
  });

  it('ROB-009 ROB-010 refuses the hub without a token and to who is no viewer', async () => {
    await expect(HubClient.open(platform.url)).rejects.toBeInstanceOf(Error);
    await expect(HubClient.open(platform.url, 'not-a-token')).rejects.toBeInstanceOf(Error);
    const driver = await HubClient.open(platform.url, apis.driver.token).catch(() => undefined);
    if (driver) {
      expect(await driver.join('fleet')).toMatchObject({ ok: false, error: { code: 'ACCESS_DENIED' } });
      driver.close();
    }
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
      password: 'a long enough password',
      roles: ['viewer'],
    });
    const user = await Api.login(platform.url, 'short', 'a long enough password');
    const client = await HubClient.open(platform.url, user.token);
    await client.join('fleet');
    await apis.admin.delete(`/api/v1/users/${body.id}`);
    await waitFor(() => client.socket.disconnected);
    expect((await user.get('/api/v1/robots')).status).toBe(401);
  });
});
