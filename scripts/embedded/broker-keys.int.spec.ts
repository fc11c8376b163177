import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { readCreds } from '#libs/auth';
import { SERVICE_USERS } from '#libs/contracts';
import { startTestBroker } from '../../test/support/broker.js';
import { credsPath, prepareBrokerKeys } from './broker-keys.js';
import { natsConfig } from './nats-config.js';

describe("the broker's keys", () => {
  let directory: string;

  // Minting takes seconds under Jest, so the tests share one directory, which none of them spoils.
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'muster-keys-'));
    await prepareBrokerKeys(directory);
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('are for their owner alone, one user per service and tool', async () => {
    const keys = await prepareBrokerKeys(directory);
    const users = [...Object.keys(SERVICE_USERS), 'admin', 'provisioner', 'system'];
    expect(new Set(readdirSync(directory))).toEqual(new Set(['keys.json', ...users.map((user) => `${user}.creds`)]));
    for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8'))).toEqual(keys);
    expect((await readCreds(readFileSync(credsPath(directory, 'robots'), 'utf8'))).name).toBe('robots');
  });

  it('stay the same at the next start, and only a user whose rights changed gets new credentials', async () => {
    const keys = await prepareBrokerKeys(directory);
    const robots = readFileSync(credsPath(directory, 'robots'), 'utf8');
    const commands = readFileSync(credsPath(directory, 'commands'), 'utf8');
    writeFileSync(credsPath(directory, 'commands'), commands.replace(/^rights \w+/, 'rights of-an-older-table'));
    expect(await prepareBrokerKeys(directory)).toEqual(keys);
    expect(readFileSync(credsPath(directory, 'robots'), 'utf8')).toBe(robots);
    const renewed = readFileSync(credsPath(directory, 'commands'), 'utf8');
    expect((await readCreds(renewed)).userId).not.toBe((await readCreds(commands)).userId);
  });

  it('make a configuration that nats-server accepts, also with quotes and spaces in its path', async () => {
    const keys = await prepareBrokerKeys(directory);
    const odd = join(directory, 'a "b" c');
    const file = join(mkdtempSync(join(directory, 'config-')), 'nats-server.conf');
    writeFileSync(file, natsConfig({ host: '127.0.0.1', port: 4222, directory: odd, keys, monitorPort: 8222 }));
    const output = execFileSync('nats-server', ['-t', '-c', file], { encoding: 'utf8', stdio: 'pipe' });
    expect(output).not.toMatch(/error/i);
  });

  it('are refused by name when a part is missing', async () => {
    const broken = mkdtempSync(join(directory, 'broken-'));
    writeFileSync(join(broken, 'keys.json'), '{"version":1,"operatorSeed":"SO"}');
    await expect(prepareBrokerKeys(broken)).rejects.toThrow('broker keys: "accountSeed" is missing');
  });
});

describe('the broker', () => {
  it('lets a client in that is busy for three seconds before it signs', async () => {
    const broker = await startTestBroker();
    const sign = credsAuthenticator(readFileSync(broker.credsFile('admin')));
    const nc = await connect({
      servers: broker.url,
      authenticator: (nonce) => {
        for (const startedAt = performance.now(); performance.now() - startedAt < 3_000;);
        return sign(nonce);
      },
    });
    await nc.close();
    await broker.stop();
  });
});
