import { EventEmitter, once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Body, Catch, Controller, Get, Injectable, Logger, Module, Param, Post, Sse } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NEVER, type Observable, startWith } from 'rxjs';
import { DataSource } from 'typeorm';
import type { QueryRunner } from 'typeorm';
import { MusterError, toErrorBody } from '#libs/contracts';
import type { ErrorBody, RequestContract } from '#libs/contracts';
import { poolOf, SchemaModule } from '#libs/database';
import { Answers, BrokerConnection, RpcClient } from '#libs/jetstream';
import { startOpenTestBroker, type OpenTestBroker } from '../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { toHttpError } from './http.errors.js';
import { JsonLogger } from './json.logger.js';
import { PlatformConfig } from './platform.config.js';
import { startService, type RunningService } from './service.js';
import { shutDown } from './shutdown.js';

const ECHO: RequestContract<{ text: string }, { text: string }> = { subject: 'rpc.spec.echo' };
const ended: string[] = [];
let busyEchoes = 0;

class CreateThings0001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE "spec"."things" ("id" text PRIMARY KEY)');
  }
  async down(): Promise<void> {}
}

@Injectable()
class ThingRepository implements OnModuleInit, OnApplicationShutdown {
  countAtInit = -1;
  constructor(private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    this.countAtInit = Number((await this.dataSource.query('SELECT count(*) AS n FROM "spec"."things"'))[0].n);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.query(`INSERT INTO "spec"."things" VALUES ('last')`);
    ended.push('flushed while the database is open');
  }
}

@Controller()
class ThingResponder {
  @Answers(ECHO)
  echo({ text }: { text: string }): { text: string } {
    if (text === 'lost') throw new Error('Connection terminated unexpectedly');
    if (text === 'unknown') throw new MusterError('ROBOT_NOT_FOUND', 'no RB-9', { robotId: 'RB-9' });
    return { text };
  }
}

@Controller('things')
class ThingController {
  private readonly logger = new Logger('Things');
  constructor(
    private readonly rpc: RpcClient,
    private readonly things: ThingRepository,
  ) {}

  @Get('count')
  count(): { n: number } {
    return { n: this.things.countAtInit };
  }

  @Get('echo/:text')
  async echo(@Param('text') text: string): Promise<unknown> {
    if (text === 'busy') busyEchoes++;
    return this.rpc.ask(ECHO, { text });
  }

  @Post()
  async create(@Body() body: unknown): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    this.logger.log({ event: 'thing_created' });
    return body;
  }

  @Sse('stream')
  stream(): Observable<{ data: string }> {
    return NEVER.pipe(startWith({ data: 'hello' }));
  }
}

@Catch()
class DocumentsFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const known = toHttpError(error);
    const http = host.switchToHttp();
    const body = toErrorBody(known, http.getRequest<FastifyRequest>().id);
    void http.getResponse<FastifyReply>().status(known.status).send(body);
  }
}

@Module({
  imports: [SchemaModule.forFeature({ schema: 'spec', entities: [], migrations: [CreateThings0001] })],
  controllers: [ThingController, ThingResponder],
  providers: [ThingRepository],
})
class ThingsModule {}

describe('a service', () => {
  const lines: Record<string, unknown>[] = [];
  let broker: OpenTestBroker;
  let database: TestDatabase;
  let service: RunningService;

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers });
  const post = (body: string, type = 'application/json'): Promise<Response> =>
    fetch(`${service.url}/things`, { method: 'POST', body, headers: { 'content-type': type } });
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  beforeAll(async () => {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    Logger.overrideLogger(new JsonLogger({ component: 'spec', level: 'debug', destination }));
    [broker, database] = await Promise.all([startOpenTestBroker(), createTestDatabase()]);
    const config = new PlatformConfig('spec', {
      DATABASE_URL: database.url,
      NATS_URL: broker.url,
      DATA_DIR: '/nowhere',
      PORT: '0',
      CORS_ORIGINS: 'https://console.example',
      SHUTDOWN_TIMEOUT_MS: '1000',
    });
    service = await startService(
      { name: 'spec', module: ThingsModule, configure: (app) => void app.useGlobalFilters(new DocumentsFilter()) },
      config,
    );
  });

  afterAll(async () => {
    await database.drop();
    await broker.stop();
  });

  it('runs its migrations before its own onModuleInit', async () => {
    expect(await (await get('/things/count')).json()).toEqual({ n: 0 });
  });

  it('ORC-113 GET /health has the documents’ shape with its own checks', async () => {
    const answer = await get('/health');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'healthy',
      checks: { broker: 'healthy', database: 'healthy' },
      metrics: { memory_used_mb: expect.any(Number), uptime_seconds: expect.any(Number) },
      timestamp: expect.stringMatching(/Z$/),
    });
    expect((await get('/health/ready')).status).toBe(200);
    expect(await (await get('/health/live')).json()).toMatchObject({ status: 'healthy' });
  });

  it('answers questions over the one connection and carries errors back', async () => {
    expect(await (await get('/things/echo/hello')).json()).toEqual({ text: 'hello' });
    const missing = await get('/things/echo/unknown');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: 'ROBOT_NOT_FOUND', details: { robotId: 'RB-9' } } });
  });

  it('keeps a sane X-Request-ID, replaces another, and writes it into the log lines of the request', async () => {
    const kept = await fetch(`${service.url}/things`, {
      method: 'POST',
      body: '{"a":1}',
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'client-7',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    });
    expect(kept.headers.get('x-request-id')).toBe('client-7');
    expect(lines.find(({ event }) => event === 'thing_created')).toMatchObject({
      level: 'INFO',
      component: 'spec',
      request_id: 'client-7',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    });
    const replaced = await get('/health/live', { 'x-request-id': 'a b"c' });
    expect(replaced.headers.get('x-request-id')).toMatch(/^req-[\da-f-]{36}$/);
  });

  it('gives what Fastify refuses the documents’ error body', async () => {
    const refused: readonly (readonly [Response, number, string])[] = [
      [await get('/nowhere'), 404, 'ROUTE_NOT_FOUND'],
      [await get('/things/%zz'), 400, 'MALFORMED_REQUEST'],
      [await get(`/things/echo/${'x'.repeat(300)}`), 400, 'VALIDATION_FAILED'],
      [await get(`/things/${'x'.repeat(20_000)}`), 431, 'HEADERS_TOO_LARGE'],
      [await post('{"a":'), 400, 'MALFORMED_JSON'],
      [await post(''), 400, 'MALFORMED_JSON'],
      [await post('{"__proto__":{"admin":true}}'), 400, 'MALFORMED_JSON'],
      [await post('<a/>', 'application/xml'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      [await post(`"${'x'.repeat(1_100_000)}"`), 413, 'PAYLOAD_TOO_LARGE'],
    ];
    for (const [answer, status, code] of refused) {
      const body = (await answer.json()) as Partial<ErrorBody>;
      expect([answer.status, body.error?.code]).toEqual([status, code]);
      expect(body.error?.request_id).toMatch(/^req-/);
    }
  });

  it('answers what is no HTTP at all with the documents’ error body', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.end('NONSENSE / HTTP/1.1\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code: 'MALFORMED_REQUEST' } });
  });

  it('says that it cannot serve now when a question fails because the database is away', async () => {
    const lost = await get('/things/echo/lost');
    expect(lost.status).toBe(503);
    expect(await lost.json()).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
  });

  it('sends security headers, and CORS to allowed origins alone', async () => {
    const allowed = await get('/health/live', { origin: 'https://console.example' });
    const exposed = allowed.headers.get('access-control-expose-headers');
    for (const header of [
      'x-request-id',
      'x-next-cursor',
      'x-total-count',
      'link',
      'retry-after',
      'x-ratelimit-reset',
    ]) {
      expect(exposed).toContain(header);
    }
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://console.example');
    expect(allowed.headers.get('x-content-type-options')).toBe('nosniff');
    expect(allowed.headers.get('content-security-policy')).toContain(`default-src 'self'`);
    const other = await get('/health/live', { origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('exposes metrics with route templates as labels', async () => {
    await get('/things/echo/one');
    await get('/nowhere/at/all');
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const metrics = await answer.text();
    expect(metrics).toContain(
      'muster_http_request_duration_seconds_count{method="GET",route="/things/echo/:text",status="200"}',
    );
    expect(metrics).toContain('route="unmatched",status="404"');
    expect(metrics).not.toContain('/things/echo/one');
    expect(metrics).toContain('process_resident_memory_bytes');
    expect(metrics).toContain('muster_database_connections{state="open"}');
  });

  it('ORC-114 is unhealthy but alive while the broker is away, and heals by itself', async () => {
    await broker.kill();
    await until(async () => (await get('/health')).status === 503);
    expect(await (await get('/health')).json()).toMatchObject({
      status: 'unhealthy',
      checks: { broker: 'unhealthy', database: 'healthy' },
    });
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(503);
    await broker.restart();
    await until(async () => (await get('/health/ready')).status === 200);
    await until(async () => (await get('/things/echo/again')).status === 200);
  });

  /** Asks on a kept connection without a pause until nobody listens any more; answers how many were answered whole. */
  async function askUntilRefused(): Promise<number> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let answered = 0; ;) {
      try {
        const asked = request(`${service.url}/things/echo/busy`, { agent }).end();
        const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
        await text(response);
        answered++;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return answered;
      }
    }
  }

  it('ends in order, although a client holds a stream open and another never pauses', async () => {
    const busy = Promise.all(Array.from({ length: 8 }, askUntilRefused));
    const stream = request(`${service.url}/things/stream`).end();
    stream.on('error', () => undefined);
    const [response] = (await once(stream, 'response')) as [EventEmitter];
    await once(response, 'data');
    response.on('error', () => undefined);
    const cut = new Promise((resolve) => response.on('close', resolve));
    const dataSource = service.app.get(DataSource);
    const pool = poolOf(dataSource);
    const { nc } = service.app.get(BrokerConnection);
    expect(await shutDown(service.stopSteps, 5_000)).toBe(true);
    await cut;
    expect(ended).toEqual(['flushed while the database is open']);
    expect([dataSource.isInitialized, pool.ended, nc.isClosed()]).toEqual([false, true, true]);
    const answered = (await busy).reduce((sum, count) => sum + count, 0);
    expect([answered, answered > 0]).toEqual([busyEchoes, true]);
    await expect(get('/health/live')).rejects.toThrow('fetch failed');
  });
});
