import { Body, Controller, GatewayTimeoutException } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';
import { QueryFailedError } from 'typeorm';
import { MusterError, type HttpMethod, type Policy, type Route } from '#libs/contracts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge, type Answer } from '../../../../test/support/gateway.js';
import { Endpoint } from './route.decorator.js';

class Inner {
  @IsInt()
  maxRetries!: number;
}

class Outer {
  @IsString()
  name!: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Inner)
  policies!: Inner[];
}

const at = (path: string, method: HttpMethod = 'GET', policy: Policy = 'Public'): Route => ({
  method,
  path,
  policy,
  summary: '',
});

@Controller()
class ThrowingController {
  @Endpoint(at('/throws/unknown'))
  unknown(): void {
    throw new Error('secret of the house: postgres://user:password@host');
  }

  @Endpoint(at('/throws/text'))
  text(): void {
    // eslint-disable-next-line typescript/only-throw-error
    throw 'a bare text';
  }

  @Endpoint(at('/throws/known'))
  known(): void {
    throw new MusterError('ROBOT_NOT_FOUND', 'There is no robot "RB-1".', { robotId: 'RB-1' });
  }

  @Endpoint(at('/throws/overloaded'))
  overloaded(): void {
    throw new MusterError('OVERLOADED', 'Too much at once.', { retryAfterSeconds: 7 });
  }

  @Endpoint(at('/throws/timeout'))
  timeout(): void {
    throw new MusterError('NETWORK_TIMEOUT', 'No answer on rpc.robots.get in time.');
  }

  @Endpoint(at('/throws/nest'))
  nest(): void {
    throw new GatewayTimeoutException();
  }

  @Endpoint(at('/throws/database'))
  database(): void {
    throw new QueryFailedError(
      'SELECT secret',
      [],
      Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' }),
    );
  }

  @Endpoint(at('/echo', 'POST'), { response: Outer })
  echo(@Body() body: Outer): Outer {
    return body;
  }
}

describe('errors of the HTTP edge', () => {
  let database: TestDatabase;
  let edge: TestEdge;

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { databaseUrl: database.url, env: TEST_PASSWORD_ENV, controllers: [ThrowingController] };
    edge = await TestEdge.start(options);
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
  });

  const post = (body: string | object, contentType = 'application/json'): Promise<Answer> =>
    edge.call('POST', '/echo', { body, headers: { 'content-type': contentType } });

  it.each([
    ['/throws/unknown', 500, 'INTERNAL_ERROR'],
    ['/throws/text', 500, 'INTERNAL_ERROR'],
    ['/throws/known', 404, 'ROBOT_NOT_FOUND'],
    ['/throws/overloaded', 503, 'OVERLOADED'],
    ['/throws/timeout', 504, 'NETWORK_TIMEOUT'],
    ['/throws/nest', 504, 'NETWORK_TIMEOUT'],
    ['/throws/database', 503, 'SERVICE_UNAVAILABLE'],
    ['/no/such/route', 404, 'ROUTE_NOT_FOUND'],
  ])('A20 GET %s is %i %s in the documents’ format', async (path, status, code) => {
    const answer = await edge.call('GET', path);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error: {
        code,
        message: expect.any(String),
        details: expect.any(Object),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        request_id: expect.any(String),
      },
    });
  });

  it('an unplanned failure tells nothing about the house', async () => {
    const { body } = await edge.call('GET', '/throws/unknown');
    expect(JSON.stringify(body)).not.toMatch(/secret|postgres|password/);
  });

  it('details of a known failure reach the caller, and Retry-After with them', async () => {
    expect((await edge.call('GET', '/throws/known')).body.error.details).toEqual({ robotId: 'RB-1' });
    expect((await edge.call('GET', '/throws/overloaded')).headers['retry-after']).toBe('7');
  });

  it('a route that exists under other methods is 405 and names them', async () => {
    const answer = await edge.call('PATCH', '/api/v1/users/x');
    expect(answer).toMatchObject({ status: 405, body: { error: { code: 'METHOD_NOT_ALLOWED' } } });
    expect(answer.headers['allow']).toBe('PUT, DELETE');
    expect((await edge.call('GET', '/api/v1/auth/login?x=1')).headers['allow']).toBe('POST');
  });

  it.each(['{', '{"a":', 'null x', '[1,]', '\u0000', '{"__proto__":{}}'])(
    'a body that is no JSON (%j) is 400',
    async (body) => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.body.error.code).toMatch(/MALFORMED_JSON|VALIDATION_FAILED/);
    },
  );

  it('an empty body that calls itself JSON is no body', async () => {
    const answer = await post('');
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { details: { fields: [{ field: 'name' }, { field: 'policies' }] } } },
    });
    const headers = { 'content-type': 'application/json' };
    expect((await edge.call('DELETE', '/no/such/route', { headers })).status).toBe(404);
  });

  it('a body over the limit is 413', async () => {
    const answer = await post({ name: 'x'.repeat(70_000), policies: [] });
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'PAYLOAD_TOO_LARGE' } } });
  });

  it('another media type is 415', async () => {
    const answer = await post('<a/>', 'text/xml');
    expect(answer).toMatchObject({ status: 415, body: { error: { code: 'UNSUPPORTED_MEDIA_TYPE' } } });
  });

  it('G3 bad fields are named by their path, however deep', async () => {
    const answer = await post({ name: 7, policies: [{ maxRetries: 1 }, { maxRetries: 'many' }] });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
    const fields = answer.body.error.details.fields.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(['name', 'policies[1].maxRetries']);
  });

  it('G3 unknown fields are ignored', async () => {
    const answer = await post({ name: 'x', policies: [], surprise: true });
    expect(answer).toMatchObject({ status: 200, body: { name: 'x', policies: [] } });
    expect(answer.body).not.toHaveProperty('surprise');
  });

  it.each([[[]], ['"text"'], ['7'], ['null']])('a body of another JSON type (%j) is 400, not 500', async (body) => {
    expect((await post(body)).status).toBe(400);
  });

  it('a number that no double holds is 400: it would go on as null', async () => {
    const answer = await post('{"name":"x","policies":[],"more":[1e400]}');
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
  });

  it('a log-in still works after all that', async () => {
    await expect(edge.logIn('admin', TEST_PASSWORDS.admin)).resolves.toHaveProperty('accessToken');
  });
});
