import { isOpen, MACHINE_ROLES, type MachineRole, type Route, ROUTES, satisfies } from '#libs/contracts';
import { TokenIssuer } from '../../apps/gateway/src/auth/tokens/token.issuer.js';
import { Api } from '../support/api.js';
import { createMall, MallOrchestrator } from '../support/mall.js';
import { MallStage } from '../support/mall-stage.js';

const DEVICE_IDS: Readonly<Record<MachineRole, string>> = {
  orchestrator: 'orch-own-001',
  beacon: 'beacon-gate-5',
  robot: 'robot-007',
};

const ALL = Object.entries<Route>(ROUTES);
const admitting = (role: MachineRole) =>
  ALL.filter(([, { policy }]) => !isOpen(policy) && satisfies(policy, [role])).map(
    ([name, route]) => [name, route] as const,
  );
const refusing = (role: MachineRole) =>
  ALL.filter(([, { policy }]) => !satisfies(policy, [role])).map(([name, route]) => [name, route] as const);

let stage: MallStage;
let admin: Api;
let own: string;
let foreign: string;

beforeAll(async () => {
  stage = await MallStage.open();
  admin = await stage.as('admin');
  own = (await createMall(admin, { entityId: 'mall-own' })).entityId;
  foreign = (await MallOrchestrator.ofNewMall(admin, { entityId: 'mall-foreign' })).entityId;
}, 60_000);

afterAll(() => stage.close());

/** A token of a device of its own mall. */
async function tokenOf(role: MachineRole, entityId = own): Promise<string> {
  const issuer = stage.service('gateway').app.get(TokenIssuer, { strict: false });
  const scope = { role, entityId, aliases: role === 'orchestrator' ? ['orch-001'] : [] };
  const grant = { id: DEVICE_IDS[role], scope, sessionId: crypto.randomUUID(), lifeS: 600 };
  return (await issuer.issueToMachine(grant)).token;
}

interface Attempt {
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly body?: unknown;
}

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  /** Without what differs from request to request. */
  readonly text: string;
}

/** A path with parameters that exist nowhere. Streams are left when they have begun. */
async function attempt(route: Route, token: string, { headers = {}, query = '', body }: Attempt): Promise<Outcome> {
  const path = route.path
    .replace(':entityId', own)
    .replace(':collection', 'areas')
    .replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000');
  const writes = route.method === 'POST' || route.method === 'PUT';
  const response = await fetch(`${stage.url}${path}${query}`, {
    method: route.method,
    headers: { authorization: `Bearer ${token}`, ...(writes && { 'content-type': 'application/json' }), ...headers },
    ...(writes && { body: JSON.stringify(body ?? {}) }),
  });
  if (!response.headers.get('content-type')?.includes('json')) {
    await response.body?.cancel();
    return { status: response.status, code: undefined, text: '' };
  }
  const { timestamp: _at, request_id: _id, ...error } = ((await response.json()) as any)?.error ?? {};
  return { status: response.status, code: error.code, text: JSON.stringify(error) };
}

const DENIED = { status: 403, code: 'ENTITY_ACCESS_DENIED' };

/** Everywhere that a request may name an entity. */
function waysToName(entityId: string, { method }: Route): Attempt[] {
  const hidden = { items: [{ entity_id: own }, { body: { entity_id: entityId } }] };
  return [
    { headers: { 'x-entity-id': entityId } },
    { query: `?entity_id=${entityId}` },
    { query: `?entity_id=${own}&entity_id=${entityId}` },
    ...(method === 'POST' || method === 'PUT' ? [{ body: { entity_id: entityId } }, { body: hidden }] : []),
  ];
}

/** Naming an entity twice is refused even when it is the own one. */
const onlyOnce = (ways: readonly Attempt[]): readonly Attempt[] =>
  ways.filter(({ query = '' }) => !query.includes('&'));

describe.each(MACHINE_ROLES)('ORC-087 the token of another mall’s %s', (role) => {
  it.each(admitting(role))('is refused at %s, and told nothing', async (_name, route) => {
    const token = await tokenOf(role);
    for (const [n, way] of waysToName(foreign, route).entries()) {
      const answer = await attempt(route, token, way);
      expect(answer).toMatchObject(DENIED);
      const nowhere = await attempt(route, token, waysToName('mall-nowhere', route)[n]!);
      expect(nowhere).toEqual(answer);
      expect(answer.text).not.toContain(foreign);
    }
  });

  it.each(admitting(role))('passes at %s with its own entity', async (_name, route) => {
    const token = await tokenOf(role);
    for (const way of onlyOnce(waysToName(own, route))) {
      const { status, code } = await attempt(route, token, way);
      expect(status).not.toBe(401);
      expect(status).toBeLessThan(500);
      expect(['ROUTE_NOT_FOUND', 'ACCESS_DENIED', 'ENTITY_ACCESS_DENIED']).not.toContain(code);
    }
  });

  it.each(refusing(role))('ORC-083 ORC-084 ORC-085 is not for %s', async (_name, route) => {
    expect(await attempt(route, await tokenOf(role), {})).toMatchObject({ status: 403, code: 'ACCESS_DENIED' });
  });
});

describe('an orchestrator', () => {
  it.each(admitting('orchestrator'))('ORC-087 names no other orchestrator at %s', async (_name, route) => {
    const token = await tokenOf('orchestrator');
    const headers = { 'x-orchestrator-id': 'orch-mall-foreign-001' };
    expect(await attempt(route, token, { headers })).toMatchObject(DENIED);
    for (const id of ['orch-own-001', 'orch-001']) {
      const { code } = await attempt(route, token, { headers: { 'x-orchestrator-id': id } });
      expect(code).not.toBe('ENTITY_ACCESS_DENIED');
    }
  });

  it.each(admitting('orchestrator'))('ORC-079 is told at %s that its token has expired', async (_name, route) => {
    const issuer = stage.service('gateway').app.get(TokenIssuer, { strict: false });
    const scope = { role: 'orchestrator' as const, entityId: own, aliases: [] };
    const grant = { id: 'orch-own-001', scope, sessionId: crypto.randomUUID(), lifeS: -1 };
    const { token } = await issuer.issueToMachine(grant);
    expect(await attempt(route, token, {})).toMatchObject({ status: 401, code: 'AUTH_TOKEN_EXPIRED' });
  });
});

const ORCHESTRATOR_ROUTES = ALL.filter(
  ([, { path, policy }]) => path.startsWith('/api/orchestrators/') && !isOpen(policy),
);

describe('people', () => {
  let mobile: Api;

  beforeAll(async () => {
    await admin.post('/api/v1/users', { username: 'mobile-1', password: 'a long enough password', roles: ['mobile'] });
    mobile = await Api.login(stage.url, 'mobile-1', 'a long enough password');
  });

  it.each(ORCHESTRATOR_ROUTES)('ORC-005 ORC-086 a phone has no way to %s', async (_name, route) => {
    expect(await attempt(route, mobile.token!, {})).toMatchObject({ status: 403, code: 'ACCESS_DENIED' });
    expect(await attempt(route, admin.token!, {})).toMatchObject({ status: 403, code: 'ACCESS_DENIED' });
  });

  it('ORC-086 a phone reads entities and orders tasks', async () => {
    expect((await mobile.get(`/api/v1/entities/${own}`)).status).toBe(200);
    expect((await mobile.get(`/api/v1/entities/${own}/areas`)).status).toBe(200);
    expect([400, 200, 201, 202]).toContain((await mobile.post('/api/tasks', { entity_id: own })).status);
  });
});
