import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import { poolOf } from '#libs/database';

export interface LimiterOptions {
  readonly keyPrefix: string;
  /** How many in a window. */
  readonly points: number;
  readonly windowS: number;
}

/** A limiter of failures in the schema's table, shared by all replicas; while Postgres is away each replica counts for itself. */
export function sharedLimiter(dataSource: DataSource, options: LimiterOptions): RateLimiterPostgres {
  const { keyPrefix, points, windowS } = options;
  const common = { keyPrefix, points, duration: windowS };
  return new RateLimiterPostgres({
    ...common,
    storeClient: poolOf(dataSource),
    storeType: 'pool',
    schemaName: 'auth',
    tableName: 'rateLimits',
    tableCreated: true,
    clearExpiredByTimeout: false,
    insuranceLimiter: new RateLimiterMemory(common),
  });
}

/** Drops rows whose window is long over; the limiter itself would start a timer that nothing stops. */
export async function deleteExpiredLimits(dataSource: DataSource): Promise<void> {
  await dataSource.query(`DELETE FROM "auth"."rateLimits" WHERE "expire" < $1`, [Date.now() - 3_600_000]);
}
