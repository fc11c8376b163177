import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROUTES } from '#libs/contracts';
import { PlatformConfig, shutDown, startService, type RunningService } from '#libs/platform';
import { startTestBroker, type TestBroker } from '../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { TEST_PASSWORD_ENV } from '../../../test/support/gateway.js';
import { GatewayModule } from './gateway.module.js';

/** The whole gateway on a real broker and database, over real HTTP. */
describe('gateway', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-gateway-'));
  let broker: TestBroker;
  let database: TestDatabase;
  let service: RunningService;

  beforeAll(async () => {
    [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    Object.assign(process.env, TEST_PASSWORD_ENV);
    const config = new PlatformConfig('gateway', {
      PORT: '0',
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      NATS_URL: broker.url,
      NATS_CREDS: broker.credsFile('gateway'),
    });
    service = await startService(
      { name: 'gateway', module: GatewayModule, configure: GatewayModule.configure },
      config,
    );
  });

  afterAll(async () => {
    await shutDown(service.stopSteps, 10_000);
    await Promise.all([broker.stop(), database.drop()]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${service.url}${path}`, init);

  it('ROB-009 every route but the public ones refuses a caller without a token', async () => {
    for (const { method, path, policy } of Object.values(ROUTES)) {
      const { status } = await get(path.replaceAll(/:\w+/g, 'RB-001'), { method });
      if (policy === 'Public') expect([path, status]).not.toEqual([path, 401]);
      else if (policy === 'LastToken') expect([path, status]).toEqual([path, 401]);
      else expect([path, method, [401, 404].includes(status)]).toEqual([path, method, true]);
    }
  });

  it('its own routes answer: health, metrics, documents, keys', async () => {
    const paths = [
      '/health',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/docs',
      '/docs/openapi.json',
      '/.well-known/jwks.json',
    ];
    for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 200]);
  });

  it('the API document lists every route that answers', async () => {
    const { paths } = (await (await get('/docs/openapi.json')).json()) as { paths: Record<string, object> };
    const routes = Object.values(ROUTES).map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes).toEqual(expect.arrayContaining(documented));
    expect(documented).toEqual(
      expect.arrayContaining(['GET /health', 'POST /api/v1/auth/login', 'GET /docs/asyncapi.json']),
    );
  });

  it('A20 errors carry the request id that the caller sent, in body and header', async () => {
    const answer = await get('/no/such/route', { headers: { 'x-request-id': 'req-spec-1' } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-request-id')).toBe('req-spec-1');
    expect(await answer.json()).toMatchObject({ error: { code: 'ROUTE_NOT_FOUND', request_id: 'req-spec-1' } });
  });

  it.each([
    ['/api/v1/robots/%zz', {}, 400, 'MALFORMED_REQUEST'],
    ['/api/v1/auth/login', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/api/v1/auth/login', { method: 'POST', body: '{' }, 400, 'MALFORMED_JSON'],
    ['/api/v1/auth/login', { method: 'POST', body: '{}' }, 400, 'VALIDATION_FAILED'],
    [
      '/api/v1/auth/login',
      { method: 'POST', body: `{"username":"${'x'.repeat(1_100_000)}"}` },
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      '/api/v1/auth/login',
      { method: 'POST', body: 'a', headers: { 'content-type': 'text/xml' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
  ])('A20 %s %# is an error of the documents', async (path, init, status, code) => {
    const answer = await get(path, { headers: { 'content-type': 'application/json' }, ...init });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      error: { code, message: expect.any(String), request_id: expect.any(String) },
    });
  });
});
