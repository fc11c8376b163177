import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsError, readOptions } from './options.js';

describe('the simulator’s options', () => {
  it('have defaults that fit a fresh platform', () => {
    expect(readOptions([], {})).toMatchObject({
      url: 'http://127.0.0.1:3000',
      robots: undefined,
      rateHz: 1,
      user: 'admin',
      failureRate: 0.02,
      steady: false,
    });
  });

  it('take flags over variables over defaults', () => {
    const env = { SIMULATOR_ROBOTS: '7', SIMULATOR_RATE_HZ: '5', SIMULATOR_STEADY: 'on', PORT: '8080' };
    expect(readOptions(['--robots', '3', '--url', 'http://muster.test/'], env)).toMatchObject({
      url: 'http://muster.test',
      robots: 3,
      rateHz: 5,
      steady: true,
      failureRate: 0,
    });
    expect(readOptions([], env).url).toBe('http://127.0.0.1:8080');
  });

  it('list every problem at once', () => {
    const args = [
      '--robots',
      '0',
      '--rate-hz',
      'fast',
      '--url',
      'nats://x',
      '--config',
      '/nowhere',
      '--robot',
      'extra',
    ];
    const read = (): unknown => readOptions(args, {});
    expect(read).toThrow(OptionsError);
    for (const part of ['--robots (SIMULATOR_ROBOTS)', '--rate-hz', '--url', '--config', '--robot is unknown']) {
      expect(read).toThrow(expect.objectContaining({ message: expect.stringContaining(part) }));
    }
    expect(() => readOptions(['--user'], {})).toThrow(/--user needs a value/);
  });

  it('find the password in the environment, then in the platform’s file', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'simulator-options-'));
    writeFileSync(join(dataDir, 'credentials.json'), JSON.stringify({ admin: 'from file', operator: 'op' }));
    const env = { DATA_DIR: dataDir };
    expect(readOptions([], { ...env, ADMIN_PASSWORD: 'from env' }).password()).toBe('from env');
    expect(readOptions(['--password', 'given'], env).password()).toBe('given');
    expect(readOptions([], env).password()).toBe('from file');
    expect(readOptions(['--user', 'operator'], { ...env, ADMIN_PASSWORD: 'x' }).password()).toBe('op');
    expect(() => readOptions(['--user', 'nobody'], env).password()).toThrow(/holds one for "nobody"/);
    rmSync(dataDir, { recursive: true });
  });
});
