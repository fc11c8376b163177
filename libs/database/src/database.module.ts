import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { toDataSourceOptions } from './data-source.js';
import type { DatabaseOptions } from './data-source.js';
import { PoolMetrics } from './pool.metrics.js';
import { isTransientDatabaseError } from './sql-state.js';

const BOOT_ATTEMPTS = 30;
const BOOT_RETRY_DELAY_MS = 1_000;

/**
 * The one DataSource of a process, global. At boot it waits up to half a minute for a server that is starting; a wrong
 * password or database fails at once.
 */
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRoot({
          ...toDataSourceOptions(options),
          autoLoadEntities: true,
          retryAttempts: BOOT_ATTEMPTS,
          retryDelay: BOOT_RETRY_DELAY_MS,
          toRetry: isTransientDatabaseError,
        }),
      ],
      providers: [PoolMetrics],
    };
  }
}
