import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SupervisedChild, type ChildExit, type ChildSpec } from './child.js';
import { expectFirstPasswords } from './passwords.js';
import { freePort, isPortFree, requireFreePort } from './ports.js';
import { processIdentity } from './process-identity.js';
import { claimDataDir } from './supervisor-lock.js';

const BUILT_CHILD = resolve(import.meta.dirname, '../../dist/scripts/embedded/child.js');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'muster-supervision-'));
  chmodSync(directory, 0o711);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

function specOf(script: string, more: Partial<ChildSpec> = {}): ChildSpec {
  const readyFile = join(directory, 'ready');
  return {
    name: 'sample',
    command: process.execPath,
    args: ['-e', `${script}; require('fs').writeFileSync(${JSON.stringify(readyFile)}, '')`],
    logFile: join(directory, 'sample.log'),
    runDir: join(directory, 'run'),
    isReady: () => Promise.resolve(existsSync(readyFile)),
    ...more,
  };
}

describe('a supervised child', () => {
  it('is stopped politely when it listens to the signal', async () => {
    const child = new SupervisedChild(
      specOf(`process.on('SIGTERM', () => { console.log('orderly'); process.exit(0) }); setInterval(() => 0, 1000)`),
    );
    await child.start();
    await child.stop();
    expect(child.logs()).toBe('orderly\n');
    expect(child.isRunning).toBe(false);
  });

  it('is killed when it ignores the signal', async () => {
    const spec = specOf(`process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)`, { stopGraceMs: 200 });
    const child = new SupervisedChild(spec);
    await child.start();
    const identity = processIdentity(child.pid!)!;
    await child.stop();
    expect(processIdentity(Number(identity.split(':')[0]))).not.toBe(identity);
  });

  it('reports a crash, but not an end that was asked for', async () => {
    const child = new SupervisedChild(specOf('setInterval(() => 0, 1000)'));
    const exits: ChildExit[] = [];
    child.onCrash((exit) => exits.push(exit));
    await child.start();
    await child.restart();
    expect(exits).toEqual([]);
    process.kill(child.pid!, 'SIGKILL');
    await until(() => exits.length > 0);
    expect(exits).toEqual([{ name: 'sample', code: null, signal: 'SIGKILL' }]);
  });

  it('fails to start with the end of its log when it ends too early', async () => {
    const child = new SupervisedChild({ ...specOf(''), args: ['-e', `console.log('no such thing'); process.exit(3)`] });
    await expect(child.start()).rejects.toThrow(/sample ended while starting:\nno such thing/);
  });

  it('fails to start when the program does not exist', async () => {
    const child = new SupervisedChild(specOf('', { command: '/nowhere/program' }));
    await expect(child.start()).rejects.toThrow(/sample ended while starting/);
  });

  it('dies with its supervisor, also when that one is killed', async () => {
    const pidFile = join(directory, 'pid');
    const spec = JSON.stringify({
      ...specOf(`process.on('SIGINT', () => 0); setInterval(() => 0, 1000)`),
      isReady: undefined,
    });
    const program = `
      import { SupervisedChild } from ${JSON.stringify(BUILT_CHILD)};
      import { writeFileSync } from 'node:fs';
      const child = new SupervisedChild({ ...${spec}, isReady: async () => true });
      await child.start();
      writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      setInterval(() => 0, 1000);`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(processIdentity(pid)).toBeDefined();
    supervisor.kill('SIGKILL');
    await until(() => processIdentity(pid) === undefined);
  });
});

describe('the data directory', () => {
  it('belongs to one living supervisor', async () => {
    const release = await claimDataDir(directory);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    writeFileSync(join(directory, 'run', 'supervisor'), processIdentity(other.pid!)!);
    await expect(claimDataDir(directory)).rejects.toThrow(`already runs in ${directory} (pid ${other.pid})`);
    other.kill('SIGKILL');
    await until(() => processIdentity(other.pid!) === undefined);
    release();
    const releaseAgain = await claimDataDir(directory);
    releaseAgain();
    expect(existsSync(join(directory, 'run', 'supervisor'))).toBe(false);
  });

  it('is taken over with an end to what a killed supervisor left running', async () => {
    const leftOver = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    mkdirSync(join(directory, 'run'));
    writeFileSync(join(directory, 'run', 'robots'), processIdentity(leftOver.pid!)!);
    const ended = new Promise((done) => leftOver.once('exit', (_, signal) => done(signal)));
    await claimDataDir(directory);
    expect(await ended).toBe('SIGTERM');
  });

  it('leaves alone a process that only has the same pid as a left-over', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    mkdirSync(join(directory, 'run'));
    writeFileSync(join(directory, 'run', 'robots'), `${stranger.pid}:1`);
    await claimDataDir(directory);
    expect(processIdentity(stranger.pid!)).toBeDefined();
    stranger.kill('SIGKILL');
  });
});

describe('the first passwords', () => {
  const made = { admin: 'a', operator: 'o', viewer: 'v' };

  it('are read once the gateway has made them, and are news only the first time', () => {
    const file = join(directory, 'credentials.json');
    const read = expectFirstPasswords(directory, {});
    writeFileSync(file, JSON.stringify(made));
    expect(read()).toEqual({ passwords: made, file, generated: ['admin', 'operator', 'viewer'] });
    expect(expectFirstPasswords(directory, {})()).toEqual({ passwords: made, file, generated: [] });
  });

  it('come from the environment when it names them', () => {
    const read = expectFirstPasswords(directory, { ADMIN_PASSWORD: 'chosen' });
    writeFileSync(join(directory, 'credentials.json'), JSON.stringify({ operator: 'o', viewer: 'v' }));
    expect(read()).toMatchObject({ passwords: { ...made, admin: 'chosen' }, generated: ['operator', 'viewer'] });
  });
});

describe('a port', () => {
  it('in use is refused by number and variable', async () => {
    const port = await freePort();
    await requireFreePort(port, 'PORT');
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    expect(await isPortFree(port)).toBe(false);
    await expect(requireFreePort(port, 'PORT')).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
    await expect(requireFreePort(port, 'PORT')).rejects.toThrow('PORT=<port>');
    server.close();
  });
});
