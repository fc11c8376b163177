import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DatabaseModule } from '#libs/database';
import { BrokerConnection, JetStreamPublisher, RpcClient } from '#libs/jetstream';
import { DatabaseHealth } from './database.health.js';
import { HealthController } from './health.controller.js';
import { HealthRegistry } from './health.registry.js';
import { MetricsController } from './metrics.controller.js';
import { PlatformConfig } from './platform.config.js';
import { ServerTls } from './tls/server.tls.js';

/** What a process has one of, whichever apps run in it. */
export interface Core {
  readonly config: PlatformConfig;
  readonly health: HealthRegistry;
  readonly broker: BrokerConnection;
  readonly publisher: JetStreamPublisher;
  readonly tls: ServerTls;
}

/** Offers every module the configuration, broker, database and health of its process. */
@Global()
@Module({})
export class CoreModule {
  static forRoot({ config, health, broker, publisher, tls }: Core): DynamicModule {
    return {
      module: CoreModule,
      imports: [
        DatabaseModule.forRoot({
          url: config.databaseUrl,
          applicationName: `muster-${config.serviceName}`,
          poolSize: config.databasePoolSize,
          statementTimeoutMs: config.databaseStatementTimeoutMs,
          slowQueryMs: config.databaseSlowQueryMs,
        }),
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: PlatformConfig, useValue: config },
        { provide: HealthRegistry, useValue: health },
        { provide: BrokerConnection, useValue: broker },
        { provide: JetStreamPublisher, useValue: publisher },
        { provide: ServerTls, useValue: tls },
        RpcClient,
        DatabaseHealth,
      ],
      exports: [PlatformConfig, HealthRegistry, BrokerConnection, JetStreamPublisher, RpcClient, ServerTls],
    };
  }
}
