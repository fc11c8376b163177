import { chmodSync, mkdtempSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Resolve = (request: string, ...rest: unknown[]) => string;

/** Jest does not apply moduleNameMapper here, so "./x.js" has to be led to "./x.ts" by hand. */
function resolveTypeScript(): void {
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const original = loader._resolveFilename;
  loader._resolveFilename = function (this: unknown, request, ...rest) {
    try {
      return original.call(this, request, ...rest);
    } catch (error) {
      if (!/^\.{1,2}\/.*\.js$/.test(request)) throw error;
      return original.call(this, request.replace(/\.js$/, '.ts'), ...rest);
    }
  };
}

/** One Postgres for all spec files; each file makes its own database in it (see database.ts). */
export default async function globalSetup(): Promise<void> {
  resolveTypeScript();
  const { startPostgres } = await import('../../scripts/embedded/postgres.js');
  const { guardDirectory } = await import('../../scripts/embedded/guardian.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-postgres-'));
  chmodSync(dataDir, 0o711);
  guardDirectory(dataDir);
  const server = await startPostgres({ dataDir, ephemeral: true });
  process.env.TEST_DATABASE_URL = server.url;
  // Every gateway of a test has its own port, as it has for HTTP.
  process.env.GRPC_PORT ??= '0';
  Object.assign(globalThis, { testPostgres: { server, dataDir } });
}
