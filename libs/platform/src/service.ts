import { setTimeout as delay } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import { Logger, Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuthorizationError } from '@nats-io/transport-node';
import { collectDefaultMetrics, register } from 'prom-client';
import { inboxPrefixOf } from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import type { JetStreamStrategy } from '#libs/jetstream';
import { CoreModule } from './core.module.js';
import type { Core } from './core.module.js';
import { HealthRegistry } from './health.registry.js';
import { createHttpAdapter, prepareHttp } from './http.server.js';
import { connectMicroservices } from './microservices.js';
import type { PlatformConfig } from './platform.config.js';
import type { ShutdownStep } from './shutdown.js';
import { startTracing } from './tracing.js';
import { ServerTls } from './tls/server.tls.js';

/** One app of the platform. */
export interface ServiceOptions {
  /** Its name in logs, in the broker's connection list, and of its .creds file. */
  readonly name: string;
  readonly module: Type;
  /** Whether it is a front door that speaks TLS when certificates are configured; the others stay with plain HTTP. */
  readonly servesTls?: boolean;
  /** Runs after the app is made and before it listens: filters, pipes, socket adapters, API documents. */
  readonly configure?: (app: NestFastifyApplication) => Promise<void> | void;
}

/** A service that takes requests and messages. */
export interface RunningService {
  readonly app: NestFastifyApplication;
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /** What ends it in order; see `shutDown`. */
  readonly stopSteps: readonly ShutdownStep[];
}

const BROKER_PATIENCE_MS = 60_000;
const BROKER_RETRY_DELAY_MS = 1_000;

const logger = new Logger('Service');

/** Starts a service with a configuration that was checked: broker, database, module, consumers, HTTP. */
export async function startService(options: ServiceOptions, config: PlatformConfig): Promise<RunningService> {
  const stopTracing = startTracing({
    serviceName: config.serviceName,
    otlpEndpoint: config.otlpEndpoint,
    ratio: config.traceRatio,
  });
  startProcessMetrics();
  const tls = options.servesTls === true ? ServerTls.load() : ServerTls.none();
  const broker = await reachBroker(config);
  const core: Core = { config, broker, tls, publisher: new JetStreamPublisher(broker), health: new HealthRegistry() };
  core.health.register('broker', () => (broker.isConnected ? 'healthy' : 'unhealthy'));
  try {
    const { app, strategy } = await startApp(options, core);
    core.health.markRunning();
    return {
      app,
      url: await app.getUrl(),
      stopSteps: [...stepsOf(app, strategy, core), { name: 'traces', run: stopTracing }],
    };
  } catch (error) {
    tls.close();
    core.publisher.close();
    await broker.close();
    throw error;
  }
}

/** Waits for a broker that is starting; one that refuses the credentials is not asked again. */
async function reachBroker(config: PlatformConfig): Promise<BrokerConnection> {
  const credsFile = config.brokerCredentialsFile;
  const options = {
    url: config.brokerUrl,
    name: config.serviceName,
    inboxPrefix: inboxPrefixOf(config.serviceName),
    ...(credsFile === undefined ? {} : { credsFile }),
  };
  for (const startedAt = performance.now(); ; await delay(BROKER_RETRY_DELAY_MS)) {
    try {
      return await BrokerConnection.open(options);
    } catch (error) {
      if (error instanceof AuthorizationError || performance.now() - startedAt > BROKER_PATIENCE_MS) {
        throw error;
      }
      logger.warn({ event: 'broker_not_reached', url: config.brokerUrl, error });
    }
  }
}

interface StartedApp {
  readonly app: NestFastifyApplication;
  readonly strategy: JetStreamStrategy;
}

async function startApp({ module, configure }: ServiceOptions, core: Core): Promise<StartedApp> {
  const { config, broker, publisher, tls } = core;
  const root = rootOf(module, core);
  const app = await NestFactory.create<NestFastifyApplication>(root, createHttpAdapter(config, tls), {
    abortOnError: false,
    bufferLogs: false,
    // Whoever takes bodies says which; Nest would take forms as well.
    bodyParser: false,
  });
  try {
    await prepareHttp(app, config, core.health);
    const strategy = connectMicroservices(app, broker, publisher);
    await configure?.(app);
    await app.init();
    await app.startAllMicroservices();
    await app.listen(config.port, config.host);
    renewCertificates(app, tls);
    return { app, strategy };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** New connections see a renewed certificate; those that stand keep theirs. */
function renewCertificates(app: NestFastifyApplication, tls: ServerTls): void {
  const server: unknown = app.getHttpServer();
  if (server instanceof TlsServer) tls.onChange((material) => server.setSecureContext(material));
}

/** The app's module beside the core, under one root. */
function rootOf(module: Type, core: Core): Type {
  @Module({ imports: [CoreModule.forRoot(core), module] })
  class RootModule {}
  return RootModule;
}

/** Stop pulling and finish what runs, then flush, then HTTP and sockets, then the database, and the broker last. */
function stepsOf(app: NestFastifyApplication, strategy: JetStreamStrategy, core: Core): readonly ShutdownStep[] {
  return [
    { name: 'readiness', run: () => core.health.markStopping() },
    { name: 'certificates', run: () => core.tls.close() },
    { name: 'consumers', run: () => strategy.close() },
    { name: 'publisher', run: () => core.publisher.flush() },
    { name: 'app', run: () => closeApp(app, core.config.shutdownTimeoutMs) },
    { name: 'late publishes', run: () => core.publisher.flush() },
    {
      name: 'broker',
      run: () => {
        core.publisher.close();
        return core.broker.close();
      },
    },
  ];
}

/** Requests in flight get half of the time; then event streams and stuck clients are cut off. */
async function closeApp(app: NestFastifyApplication, timeoutMs: number): Promise<void> {
  const server = app.getHttpServer();
  const cut = setTimeout(() => server.closeAllConnections(), timeoutMs / 2);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

/** Once for the process, however many services a test starts in it. */
function startProcessMetrics(): void {
  if (register.getSingleMetric('process_cpu_user_seconds_total') === undefined) {
    collectDefaultMetrics();
  }
}
