import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres, type PostgresServer } from './postgres.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded Postgres', () => {
  let dataDir: string;
  const started: PostgresServer[] = [];

  async function start(directory = dataDir): Promise<PostgresServer> {
    const server = await startPostgres({ dataDir: directory, ephemeral: true });
    started.push(server);
    return server;
  }

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'muster-postgres-'));
    chmodSync(dataDir, 0o711);
  });

  afterEach(async () => {
    for (const server of started.splice(0)) {
      await server.child.stop();
      rmSync(server.clusterDir, { recursive: true, force: true });
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers queries, keeps its password to its owner and is gone after stop', async () => {
    const server = await start();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')).password.length).toBeGreaterThan(20);
    const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await server.child.stop();
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('keeps what was written when it is killed and comes back on the same port', async () => {
    const server = await start();
    await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await server.child.kill();
    await server.child.start();
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
  });

  it('takes over from a server that a killed supervisor left running', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 8 AS value');
    const pid = first.child.pid!;
    const second = await start();
    expect(second.child.pid).not.toBe(pid);
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 8 }]);
  });

  it('takes over from a server that only the pid file knows', async () => {
    const first = await start();
    rmSync(join(dataDir, 'run'), { recursive: true });
    const second = await start();
    expect(second.child.pid).not.toBe(first.child.pid);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('ignores a pid file whose pid belongs to another program', async () => {
    const first = await start();
    await first.child.kill();
    const pidFile = join(first.clusterDir, 'postmaster.pid');
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('runs below a folder that only its owner may enter', async () => {
    const closed = join(dataDir, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const server = await start(join(closed, 'data'));
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(server.clusterDir, 'PG_VERSION'))).toBe(true);
  });
});
