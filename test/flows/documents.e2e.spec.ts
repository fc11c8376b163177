import { ROUTES } from '#libs/contracts';
import { Api } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

describe('what operators and programmers read', () => {
  let platform: TestPlatform;
  let anonymous: Api;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one', env: { CORS_ORIGINS: 'https://console.example' } });
    anonymous = new Api(platform.url);
  }, 120_000);

  afterAll(() => platform.stop());

  it('ROB-045 lists every route of the table in the OpenAPI document, with its answers', async () => {
    const { body } = await anonymous.get('/docs/openapi.json');
    for (const { method, path, policy } of Object.values(ROUTES)) {
      if (path.startsWith('/docs')) continue;
      const operation = body.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect({ path, documented: operation !== undefined }).toEqual({ path, documented: true });
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(policy === 'Public' ? [expect.any(String)] : ['401', '403']),
      );
    }
  });

  it('ROB-045 answers for robots under /api/v1/robots and nowhere else', async () => {
    const { body } = await anonymous.get('/docs/openapi.json');
    const paths = Object.keys(body.paths).filter((path) => /robot/i.test(path));
    expect(paths.filter((path) => !/^\/api\/v1\/robots(?:\/|$)/.test(path))).toEqual([]);
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    expect((await admin.get('/api/v1/robots')).status).toBe(200);
    for (const path of ['/robots', '/api/robots', '/v1/robots', '/api/v2/robots', '/api/v1/robot']) {
      expect({ path, status: (await admin.get(path)).status }).toEqual({ path, status: 404 });
    }
  });

  it('serves the API page and the AsyncAPI document', async () => {
    expect((await anonymous.get<string>('/docs')).body).toContain('swagger');
    expect((await anonymous.get('/docs/asyncapi.json')).body).toMatchObject({ asyncapi: '3.0.0' });
  });

  it('says how it is, apart from whether it runs', async () => {
    const { body, status } = await anonymous.get('/health');
    expect({ status, state: body.status }).toEqual({ status: 200, state: 'healthy' });
    expect(body.checks).toMatchObject({ broker: expect.anything(), database: expect.anything() });
    await platform.kill('postgres');
    expect((await anonymous.get('/health/live')).status).toBe(200);
    await waitFor(async () => (await anonymous.get('/health')).status === 503);
    await platform.restart('postgres');
  });

  it('counts for Prometheus', async () => {
    const { body, headers } = await anonymous.get<string>('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    for (const metric of [
      'process_cpu_user_seconds_total',
      'muster_messages_settled_total',
      'muster_published_total',
    ]) {
      expect(body).toContain(metric);
    }
  });

  it('sends security headers, and CORS to the configured origin alone', async () => {
    const from = (origin: string): Promise<{ headers: Headers }> => anonymous.get('/health', { headers: { origin } });
    const { headers } = await from('https://console.example');
    expect(headers.get('access-control-allow-origin')).toBe('https://console.example');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect((await from('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe(
      'https://evil.example',
    );
  });

  it('logs JSON lines that name the request', async () => {
    await anonymous.get('/api/v1/robots', { headers: { 'x-request-id': 'find-me-1' } });
    const lines = platform.logs('all-in-one').trim().split('\n');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});
