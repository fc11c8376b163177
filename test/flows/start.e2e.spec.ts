import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answersOk } from '../../scripts/embedded/answers-ok.js';
import { guardProcess } from '../../scripts/embedded/guardian.js';
import { freePort } from '../../scripts/embedded/ports.js';
import { processIdentity } from '../../scripts/embedded/process-identity.js';
import { TestAuthority } from '../support/certificates.js';

const ROOT = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 90_000;

jest.setTimeout(2 * START_TIMEOUT_MS);

interface Start {
  readonly process: ChildProcess;
  output(): string;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

describe('npm start', () => {
  let dataDir: string;
  let ports: { PORT: string; NATS_PORT: string };
  const starts: Start[] = [];

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'muster-start-'));
    // Root's Postgres runs as another user, which must be able to pass.
    chmodSync(dataDir, 0o711);
    ports = { PORT: String(await freePort()), NATS_PORT: String(await freePort()) };
  });

  afterAll(async () => {
    for (const { process: child, ended } of starts) {
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  function run(env: NodeJS.ProcessEnv = {}): Start {
    const child = spawn(process.execPath, ['scripts/start.mjs'], {
      cwd: ROOT,
      env: { ...process.env, DATA_DIR: dataDir, SIMULATOR: 'off', ...ports, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guardProcess(child.pid!);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const start = { process: child, output: () => output, ended };
    starts.push(start);
    return start;
  }

  async function untilReady(start: Start): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!start.output().includes('Muster is ready')) {
      if (start.process.exitCode !== null || Date.now() > deadline) throw new Error(start.output());
      await delay(50);
    }
  }

  function childPids(): string[] {
    const runDir = join(dataDir, 'run');
    return readdirSync(runDir)
      .filter((name) => name !== 'supervisor')
      .map((name) => readFileSync(join(runDir, name), 'utf8'));
  }

  const isAlive = (identity: string): boolean => processIdentity(Number(identity.split(':')[0])) === identity;

  it('brings everything up, says where it is, and stops all of it on Ctrl-C', async () => {
    const start = run();
    await untilReady(start);
    const health = await fetch(`http://127.0.0.1:${ports.PORT}/health`);
    expect(health.status).toBe(200);
    const credentials = join(dataDir, 'credentials.json');
    expect(statSync(credentials).mode & 0o777).toBe(0o600);
    const { admin } = JSON.parse(readFileSync(credentials, 'utf8')) as { admin: string };
    expect(start.output()).toContain(`http://127.0.0.1:${ports.PORT}`);
    expect(start.output()).toContain(admin);
    const children = childPids();
    expect(children.length).toBe(3);
    start.process.kill('SIGINT');
    expect(await start.ended).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('speaks TLS with the certificate that it is given, and says so', async () => {
    const { certFile, keyFile } = TestAuthority.create(dataDir).issue('muster.example');
    const start = run({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile });
    await untilReady(start);
    const url = `https://127.0.0.1:${ports.PORT}`;
    expect(start.output()).toContain(`Muster is ready: ${url} `);
    expect(await answersOk(`${url}/health`)).toBe(true);
    start.process.kill('SIGINT');
    expect(await start.ended).toBe(0);
  });

  it('takes seconds the second time and shows no password again', async () => {
    const startedAt = performance.now();
    const start = run();
    await untilReady(start);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(start.output()).not.toContain('shown this once');
  });

  it('refuses to run twice in one directory', async () => {
    const second = run();
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/already runs in .* \(pid \d+\)/);
  });

  it('names the port and the variable when a port is taken', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'muster-start-'));
    const other = run({ DATA_DIR: elsewhere });
    expect(await other.ended).toBe(1);
    expect(other.output()).toContain(`Port ${ports.PORT} on 127.0.0.1 is in use`);
    expect(other.output()).toContain('PORT=<port>');
    rmSync(elsewhere, { recursive: true, force: true });
  });

  it('takes over from a start that was killed', async () => {
    const [killed] = starts.filter(({ process: child }) => child.exitCode === null);
    killed!.process.kill('SIGKILL');
    await killed!.ended;
    const start = run();
    await untilReady(start);
    expect((await fetch(`http://127.0.0.1:${ports.PORT}/health`)).status).toBe(200);
  });

  it('stops the rest with a message and exit code 1 when a child dies', async () => {
    const running = starts.at(-1)!;
    const children = childPids();
    process.kill(Number(readFileSync(join(dataDir, 'run', 'nats-server'), 'utf8').split(':')[0]), 'SIGKILL');
    expect(await running.ended).toBe(1);
    expect(running.output()).toContain('nats-server ended unexpectedly (SIGKILL)');
    expect(children.filter(isAlive)).toEqual([]);
  });
});
