import { ROUTES } from '#libs/contracts';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TestEdge } from '../../../test/support/gateway.js';
import { previewGateway } from './gateway.preview.js';
import { openApiOf } from './openapi.js';

type Operation = {
  operationId: string;
  summary: string;
  responses: Record<string, any>;
  security?: object[];
  requestBody?: object;
  tags?: string[];
};

/** `GET /a/{b}` → its operation. */
function operationsOf({ paths }: OpenAPIObject): Map<string, Operation> {
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
  return new Map(entries as unknown as [string, Operation][]);
}

describe('API documents', () => {
  let document: OpenAPIObject;

  beforeAll(async () => {
    document = openApiOf(await previewGateway());
  });

  it('ROB-016 every handler of the gateway is a row of ROUTES', () => {
    const declared = Object.values(ROUTES).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(declared).toEqual(expect.arrayContaining([...operationsOf(document).keys()]));
  });

  it('ROB-009 every operation but the public ones asks for a token or a key', () => {
    for (const [name, { operationId, security }] of operationsOf(document)) {
      const route = ROUTES[operationId as keyof typeof ROUTES];
      const expected = route.policy === 'Public' ? undefined : [{ accessToken: [] }, { apiKey: [], apiSecret: [] }];
      const sorted = security?.toSorted((a, b) => Object.keys(a).length - Object.keys(b).length);
      expect([name, sorted]).toEqual([name, expected]);
    }
  });

  it('G3 every operation describes its success and its errors', () => {
    for (const [name, { summary, responses, tags }] of operationsOf(document)) {
      const statuses = Object.keys(responses);
      expect([name, summary.length > 3, statuses.some((status) => status.startsWith('2'))]).toEqual([name, true, true]);
      if (tags?.includes('platform')) continue;
      expect([name, statuses]).toEqual([name, expect.arrayContaining(['400', '500', '503'])]);
      const errors = statuses.filter((status) => Number(status) >= 400);
      for (const status of errors) {
        expect(responses[status].content['application/json'].schema).toEqual({
          $ref: '#/components/schemas/ErrorResponse',
        });
      }
    }
  });

  it('G3 bodies have schemas', () => {
    const logIn = operationsOf(document).get('POST /api/v1/auth/login');
    expect(logIn?.requestBody).toMatchObject({ required: true });
    expect(document.components?.schemas).toHaveProperty('LogInRequest.required', ['username', 'password']);
    expect(document.components?.schemas).toHaveProperty('TokenResponse.properties.expiresIn.type', 'number');
  });
});

describe('API documents on the wire', () => {
  let database: TestDatabase;
  let edge: TestEdge;

  beforeAll(async () => {
    database = await createTestDatabase();
    edge = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV });
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
  });

  it('/docs is a page and /docs/openapi.json its document, for everybody', async () => {
    expect(await edge.call('GET', '/docs')).toMatchObject({ status: 200, body: expect.stringContaining('swagger-ui') });
    const { status, body } = await edge.call('GET', '/docs/openapi.json');
    expect([status, body.openapi, body.info.title]).toEqual([200, expect.stringMatching(/^3\./), 'Muster']);
  });
});
