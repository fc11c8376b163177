import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { DatabaseModule } from '#libs/database';
import { PlatformConfig } from '#libs/platform';
import { AuditModule } from '../../apps/gateway/src/audit/audit.module.js';
import { AuthModule } from '../../apps/gateway/src/auth/auth.module.js';
import { DocsController } from '../../apps/gateway/src/documents/docs.controller.js';
import { ErrorFilter } from '../../apps/gateway/src/http/error.filter.js';
import { configureGateway } from '../../apps/gateway/src/gateway.configure.js';
import { RequestGuardsModule } from '../../apps/gateway/src/request-guards.module.js';
import { createValidationPipe } from '../../apps/gateway/src/http/validation.pipe.js';

export const TEST_PASSWORDS = {
  admin: 'admin-password',
  operator: 'operator-password',
  viewer: 'viewer-password',
} as const;

export interface TestEdgeOptions {
  readonly databaseUrl: string;
  /** Added to the environment in which the settings are read. */
  readonly env?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  readonly controllers?: readonly Type[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: ReturnType<typeof JSON.parse>;
}

interface Call {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
  readonly address?: string;
}

/** The gateway's front door, with a real database and without broker or sockets: users, guards, pipe and error filter. */
export class TestEdge {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly dataDir: string,
  ) {}

  static async start(options: TestEdgeOptions): Promise<TestEdge> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'muster-test-edge-'));
    const env = { DATABASE_URL: options.databaseUrl, DATA_DIR: dataDir, ...options.env };
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      const root = rootModule(new PlatformConfig('gateway'), options.controllers ?? []);
      const adapter = new FastifyAdapter({ bodyLimit: 65_536, trustProxy: true });
      const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
        logger: false,
        abortOnError: false,
      });
      configureGateway(app);
      await app.init();
      await app.getHttpAdapter().getInstance().ready();
      return new TestEdge(app, dataDir);
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  }

  get database(): DataSource {
    return this.app.get(DataSource);
  }

  async call(method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH', path: string, call: Call = {}): Promise<Answer> {
    const { token, headers, body, address = '10.0.0.1' } = call;
    const response = await this.app.inject({
      method,
      url: path,
      headers: {
        'x-forwarded-for': address,
        'user-agent': 'spec',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = response.body !== '' && String(response.headers['content-type']).includes('json');
    return { status: response.statusCode, headers: response.headers, body: isJson ? response.json() : response.body };
  }

  /** Logs in and answers the pair of tokens. */
  async logIn(username: string, password: string): Promise<{ accessToken: string; refreshToken: string }> {
    const { status, body } = await this.call('POST', '/api/v1/auth/login', { body: { username, password } });
    if (status !== 200) throw new Error(`log-in of ${username} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  async stop({ keepData = false } = {}): Promise<void> {
    await this.app.close();
    if (!keepData) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The environment that gives the first users {@link TEST_PASSWORDS}. */
export const TEST_PASSWORD_ENV = {
  ADMIN_PASSWORD: TEST_PASSWORDS.admin,
  OPERATOR_PASSWORD: TEST_PASSWORDS.operator,
  VIEWER_PASSWORD: TEST_PASSWORDS.viewer,
};

@Global()
@Module({})
class TestCore {
  static with(config: PlatformConfig): DynamicModule {
    return {
      module: TestCore,
      imports: [DatabaseModule.forRoot({ url: config.databaseUrl, applicationName: 'spec', poolSize: 6 })],
      providers: [{ provide: PlatformConfig, useValue: config }],
      exports: [PlatformConfig],
    };
  }
}

function rootModule(config: PlatformConfig, controllers: readonly Type[]): Type {
  @Module({
    imports: [TestCore.with(config), AuthModule, RequestGuardsModule, AuditModule],
    controllers: [DocsController, ...controllers],
    providers: [
      { provide: APP_PIPE, useFactory: createValidationPipe },
      { provide: APP_FILTER, useClass: ErrorFilter },
    ],
  })
  class RootModule {}
  return RootModule;
}
