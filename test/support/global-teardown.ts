import { rmSync } from 'node:fs';
import type { PostgresServer } from '../../scripts/embedded/postgres.js';

export default async function globalTeardown(): Promise<void> {
  const { testPostgres } = globalThis as { testPostgres?: { server: PostgresServer; dataDir: string } };
  if (testPostgres === undefined) return;
  await testPostgres.server.child.stop();
  rmSync(testPostgres.dataDir, { recursive: true, force: true });
}
