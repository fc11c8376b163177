import pg from 'pg';
import { MallOrchestrator, newDeviceKeys } from './mall.js';
import type { TestPlatform } from './platform.js';

const AT_ONCE = 16;

/**
 * Many malls, each with its registered orchestrator, in their order. Their entities are written into the database at once, open
 * for one key that all of them share: what costs is registering.
 */
export async function crowdOf(platform: TestPlatform, count: number, prefix: string): Promise<MallOrchestrator[]> {
  const keys = newDeviceKeys();
  await onDatabase(platform.databaseUrl, (database) =>
    database.query(
      `INSERT INTO "orchestrators"."entities" ("entityId", "name", "enrolmentKeyPem")
       SELECT $1 || '-' || n, $1 || ' ' || n, $3 FROM generate_series(0, $2::int - 1) n`,
      [prefix, count, keys.pem],
    ),
  );
  const crowd: MallOrchestrator[] = [];
  let next = 0;
  const register = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      crowd[n] = await MallOrchestrator.register(platform.url, { entityId: `${prefix}-${n}`, keys });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, register));
  return crowd;
}

/** Runs something on a connection of its own. */
export async function onDatabase<T>(databaseUrl: string, run: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    return await run(database);
  } finally {
    await database.end();
  }
}
