import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ROBOT_MESSAGES } from '#libs/contracts';
import { readOptions } from '../../apps/simulator/src/options.js';
import { guardProcess } from '../../scripts/embedded/guardian.js';
import { Api } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { blockWith, firstColumn, readmeBlocks } from '../support/readme.js';
import { waitFor } from '../support/wait.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ROBOT_ID = 'MY-1';
const BETWEEN = '-- next block --';
const BLOCKS = readmeBlocks();

jest.setTimeout(60_000);

interface Program {
  readonly process: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
}

/** What the README says, typed as it stands there: only the port and the folder are this test's own. */
describe('the README', () => {
  let platform: TestPlatform;
  let admin: Api;
  let folder: string;
  const programs: Program[] = [];

  beforeAll(async () => {
    requireTools('bash', 'curl', 'node');
    folder = mkdtempSync(join(tmpdir(), 'muster-readme-'));
    platform = await startPlatform({ topology: 'all-in-one' });
    // The reader stands in the repository: .data and node_modules are there.
    symlinkSync(dirname(dirname(platform.credsFile('admin'))), join(folder, '.data'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    const simulator = join(ROOT, 'dist/apps/simulator/src/main.js');
    run(
      'node',
      simulator,
      '--robots',
      '2',
      '--rate-hz',
      '5',
      '--malls',
      '1',
      '--beacons',
      '3',
      '--steady',
      '--url',
      platform.url,
    );
    const samples = async (): Promise<object[]> =>
      (await admin.get('/api/v1/robots/RB-001/telemetry/samples?limit=2')).body;
    await waitFor(async () => (await samples()).length === 2, 40_000);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(programs.map(end));
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(command: string, ...args: string[]): Program {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    guardProcess(child.pid!);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const program = { process: child, output: () => output };
    programs.push(program);
    return program;
  }

  const here = (code: string): string =>
    code.replaceAll('localhost:3000', new URL(platform.url).host.replace('127.0.0.1', 'localhost'));

  /** Types blocks into one shell and answers what each printed. */
  async function shell(...blocks: string[]): Promise<string[]> {
    const script = ['set -eu', ...blocks.map(here)].join(`\necho '${BETWEEN}'\n`);
    const bash = run('bash', '-c', script);
    const [code] = await once(bash.process, 'close');
    if (code !== 0) throw new Error(`the shell ended with ${code}:\n${bash.output()}`);
    return bash
      .output()
      .split(`${BETWEEN}\n`)
      .slice(1)
      .map((text) => text.trim());
  }

  const logIn = blockWith(BLOCKS, 'sh', '/auth/login');
  const issue = blockWith(BLOCKS, 'sh', 'MY-1/credentials');

  describe('five minutes', () => {
    it('logs in, lists the fleet, sends a command, reads its timeline and the time series', async () => {
      const send = blockWith(BLOCKS, 'sh', 'x-idempotency-key');
      const [fleet = '', sent = '', series = ''] = await shell(logIn, send, blockWith(BLOCKS, 'sh', '/buckets'));
      expect(JSON.parse(fleet).map(({ robotId }: { robotId: string }) => robotId)).toEqual(['RB-001', 'RB-002']);
      const command = JSON.parse(sent);
      expect(command).toMatchObject({ robotId: 'RB-001', commandType: 'dock', timeoutMs: 60_000 });
      expect(command.timeline[0]).toMatchObject({ kind: 'requested' });
      const [buckets = '', head = '', ...rows] = series.split('\n');
      expect(JSON.parse(buckets)[0].values).toEqual({ 'battery.percent': expect.any(Number) });
      expect(head).toMatch(/^robotId,receivedAt,/);
      expect(rows).toHaveLength(2);
    });

    it('watches a robot live', async () => {
      await shell(`${logIn}\nprintf %s "$token" > token`);
      const token = readFileSync(join(folder, 'token'), 'utf8');
      writeFileSync(join(folder, 'watch.mjs'), here(blockWith(BLOCKS, 'js', 'watch.mjs')));
      const watch = run('node', 'watch.mjs', token);
      await waitFor(() => /ok: true[\s\S]*robot\.telemetry\.updated \{/.test(watch.output()));
      await end(watch);
    });
  });

  describe('a mall', () => {
    const change = blockWith(BLOCKS, 'sh', '/areas/food-court');
    let orchestrator: Program;

    it('ORC-125 makes a mall, and the orchestrator registers, follows the map and carries out a task', async () => {
      const [, printed = ''] = await shell(logIn, blockWith(BLOCKS, 'sh', 'enrolment_secret'));
      const [, secret = ''] = /^npx tsx orchestrator\.mts my-mall (\S+)$/m.exec(printed) ?? [];
      writeFileSync(join(folder, 'orchestrator.mts'), here(blockWith(BLOCKS, 'ts', '/api/orchestrators/register')));
      compile('orchestrator.mts');
      orchestrator = run('node', 'orchestrator.mjs', 'my-mall', secret);
      await waitFor(() => says('the map has 0 areas'));
      const [, changed = ''] = await shell(logIn, change);
      const [record = '', task = ''] = changed.split('\n');
      expect(JSON.parse(record)).toMatchObject({ id: 'food-court', name: 'Food court', checksum: expect.any(String) });
      const { task_id: taskId } = JSON.parse(task);
      await waitFor(() => says('create area food-court') && says(`done ${taskId}`));
      const { body } = await admin.get(`/tasks/${taskId}/track`);
      expect(body).toMatchObject({ status: 'completed', robot_id: 'my-robot' });
    });

    it('shows its events as they are, and goes on with its token when it comes back', async () => {
      const watch = blockWith(BLOCKS, 'sh', 'curl -N').replace('curl -N', 'exec curl -sN');
      const events = run('bash', '-c', here(watch));
      await waitFor(() => /event: data_update\nid: evt-\d+\ndata: \{.*food-court/.test(events.output()));
      await waitFor(() => events.output().includes('event: task_create'));
      await end(events);
      await end(orchestrator);
      orchestrator = run('node', 'orchestrator.mjs', 'my-mall');
      await waitFor(() => says('the map has 1 areas'));
      await end(orchestrator);
    });

    it('publishes a firmware and shows its rollout', async () => {
      const [, shown = ''] = await shell(logIn, blockWith(BLOCKS, 'sh', '/api/firmwares/upload'));
      const [firmware = '', rollout = ''] = shown.split('\n');
      expect(JSON.parse(firmware)).toMatchObject({ target: 'esp32c3', version: '0.2.0', size_bytes: 100_000 });
      expect(JSON.parse(rollout)).toMatchObject({ firmware_id: JSON.parse(firmware).firmware_id });
    });

    function says(text: string): boolean {
      if (orchestrator.process.exitCode !== null) throw new Error(orchestrator.output());
      return orchestrator.output().includes(text);
    }
  });

  function compile(file: string): void {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
    const { status, stdout } = spawnSync('node', [compiler, ...flags, file], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stdout);
  }

  describe('connect your own robot', () => {
    it('issues credentials that hold what the robots read', async () => {
      await shell(logIn, issue);
      const issued = Object.keys(JSON.parse(readFileSync(join(folder, 'my-1.json'), 'utf8')));
      const creds = join(folder, 'my-1.creds');
      expect(readFileSync(creds, 'utf8')).toContain('BEGIN NATS USER JWT');
      expect(statSync(creds).mode & 0o777).toBe(0o600);
      const [, fields = ''] = /const \{(.*)\} = JSON\.parse/.exec(blockWith(BLOCKS, 'ts', 'connect(')) ?? [];
      const python = blockWith(BLOCKS, 'python', 'nats.connect');
      const keys = [...python.matchAll(/mine\["(\w+)"\]/g)].map(([, key]) => key);
      expect(keys).toEqual(expect.arrayContaining(['urls', 'inboxPrefix', 'consumer', 'stream']));
      expect(issued).toEqual(expect.arrayContaining([...keys, ...fields.split(',').map((name) => name.trim())]));
    });

    it('the TypeScript robot compiles, appears, says who it is and completes a command', async () => {
      await shell(logIn, issue);
      writeFileSync(join(folder, 'robot.mts'), blockWith(BLOCKS, 'ts', 'connect('));
      compile('robot.mts');
      const robot = run('node', 'robot.mjs');
      const shown = await waitFor(async () => {
        if (robot.process.exitCode !== null) throw new Error(robot.output());
        const { body } = await admin.get(`/api/v1/robots/${ROBOT_ID}`);
        return body.identity && body.capability && body.presence === 'online' ? body : undefined;
      });
      expect(shown).toMatchObject({ robotId: ROBOT_ID, identity: { model: 'Mine', vendor: 'Me' } });
      const sent = await admin.post(`/api/v1/robots/${ROBOT_ID}/commands`, { commandType: 'dock', payload: {} });
      await waitFor(
        async () => (await admin.get(`/api/v1/commands/${sent.body.commandId}`)).body.status === 'COMPLETED',
      );
      await waitFor(async () => (await admin.get(`/api/v1/robots/${ROBOT_ID}/telemetry`)).status === 200);
      expect(robot.output()).toBe('');
      await end(robot);
    });

    /** No Python client is installed here: its text is held against the contracts. */
    it('the Python robot writes the envelope and the subjects of the contracts', () => {
      const python = blockWith(BLOCKS, 'python', 'nats.connect');
      const [, envelope = ''] = /envelope = \{([\s\S]*?)\}\n/.exec(python) ?? [];
      const fields = [...envelope.matchAll(/"(\w+)":/g)].map(([, field]) => field);
      const contract = ROBOT_MESSAGES.telemetry.envelope as unknown as { properties: object };
      expect(new Set(fields)).toEqual(new Set(Object.keys(contract.properties)));
      const [, kindTemplate = ''] = /js\.publish\(f"(.*?)"/.exec(python) ?? [];
      const sends = [...python.matchAll(/send\("([\w.]+)", "([\w.]+)"/g)];
      expect(sends.map(([, , type]) => type)).toEqual(['identity', 'capability', 'telemetry', 'cmd.ack']);
      for (const [, kind = '', type] of sends) {
        const message = Object.values(ROBOT_MESSAGES).find((known) => known.type === type);
        const subject = kindTemplate.replace('{kind}', kind).replace(ROBOT_ID, '{robotId}');
        expect({ subject, direction: message?.direction }).toEqual({
          subject: message?.subject,
          direction: 'robot-to-muster',
        });
      }
      expect(python).toContain('"Nats-Msg-Id": f"MY-1:{type}:{message_id}"');
    });
  });

  it('names every flag of the simulator', () => {
    const known = (): string => {
      try {
        readOptions(['--no-such-flag'], {});
      } catch (error) {
        return String(error);
      }
      return '';
    };
    const flags = [...known().matchAll(/--[a-z-]+/g)].map(([flag]) => flag).filter((flag) => flag !== '--no-such-flag');
    const documented = firstColumn(readFileSync('README.md', 'utf8'), 'flag');
    expect(new Set(documented)).toEqual(new Set(flags));
  });

  it('links to files that exist', () => {
    const links = [...readFileSync('README.md', 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(8);
    for (const path of links) expect(() => statSync(join(ROOT, path!))).not.toThrow();
  });
});

function requireTools(...tools: string[]): void {
  for (const tool of tools) {
    if (spawnSync(tool, ['--version']).error) throw new Error(`The README’s tour needs "${tool}" on the PATH.`);
  }
}

async function end({ process: child }: Program): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
