import { ROUTES } from '#libs/contracts';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TestEdge } from '../../../../test/support/gateway.js';
import { previewGateway } from './gateway.preview.js';
import { openApiOf } from './openapi.js';

type Parameter = { name: string; in: string; description?: string; schema?: object };
type Content = Record<string, { schema?: object; example?: unknown }>;
type Operation = {
  operationId: string;
  summary: string;
  responses: Record<string, any>;
  security?: object[];
  requestBody?: { content: Content };
  parameters?: Parameter[];
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
      const expected =
        route.policy === 'Public'
          ? undefined
          : [{ accessToken: [] }, ...(route.policy === 'LastToken' ? [] : [{ apiKey: [], apiSecret: [] }])];
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

  it('G3 every parameter of a path is declared, and every one of a query explained', () => {
    const silent: string[] = [];
    for (const [name, { parameters = [] }] of operationsOf(document)) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect([name, inPath]).toEqual([name, [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)]);
      const unexplained = parameters.filter(({ in: where, description }) => where === 'query' && !description);
      silent.push(...unexplained.map((parameter) => `${name}: ${parameter.name}`));
    }
    expect(silent).toEqual([]);
  });

  it('G3 every body has an example, and every reference leads somewhere', () => {
    const unshown: string[] = [];
    for (const [name, { requestBody, responses }] of operationsOf(document)) {
      const succeeded = Object.keys(responses).filter((status) => status.startsWith('2'));
      const contents = [requestBody?.content, ...succeeded.map((status) => responses[status].content as Content)];
      for (const [mediaType, { schema, example }] of contents.flatMap((content) => Object.entries(content ?? {}))) {
        if (example === undefined && !hasExample(schema)) unshown.push(`${name}: ${mediaType}`);
      }
    }
    expect(unshown).toEqual([]);
    for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      expect(document.components?.schemas).toHaveProperty(reference ?? '');
    }
  });

  it('an export is documented in both of its media types', () => {
    const { responses } = operationsOf(document).get('GET /api/v1/robots/{robotId}/telemetry/export')!;
    expect(Object.keys(responses['200'].content)).toEqual(['text/csv', 'application/x-ndjson']);
  });

  /** Whether a schema, or one that it refers to, shows what a value looks like. */
  function hasExample(schema: object | undefined): boolean {
    const text = JSON.stringify(schema);
    const references = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name ?? '');
    return (
      /"(?:example|examples|enum|default)":/.test(text) ||
      references.some((name) => hasExample(document.components?.schemas?.[name]))
    );
  }

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
