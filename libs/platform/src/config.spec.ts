import { checkConfig, ConfigError, settings } from './config.js';
import {
  decimal,
  flag,
  integer,
  list,
  oneOf,
  optionalSecret,
  optionalUrl,
  secretUrl,
  text,
} from './config-variables.js';
import { PlatformConfig } from './platform.config.js';

class SpecSettings extends settings({
  staleAfterS: integer('SPEC_STALE_S', { default: 60, min: 1, max: 3_600, hint: 'seconds' }),
  ratio: decimal('SPEC_RATIO', { default: 0.5, min: 0, max: 1, hint: 'a share' }),
  mode: oneOf('SPEC_MODE', ['fast', 'safe'], { default: 'safe', hint: 'a mode' }),
  simulator: flag('SPEC_SIMULATOR', { default: true, hint: 'on or off' }),
  origins: list('SPEC_ORIGINS', { hint: 'origins' }),
  title: text('SPEC_TITLE', { default: 'Muster', hint: 'a title' }),
  issuer: optionalUrl('SPEC_ISSUER', ['https:'], { hint: 'https://issuer' }),
  adminPassword: optionalSecret('SPEC_PASSWORD', { minCharacters: 8, hint: 'a password of 8 characters or more' }),
}) {
  get staleAfterMs(): number {
    return this.staleAfterS * 1_000;
  }
}

const problemsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
};

const DATABASE_URL = 'postgres://muster:hidden-word@127.0.0.1:5432/muster';

describe('settings', () => {
  it('reads typed values and keeps the defaults of what is unset or empty', () => {
    const read = new SpecSettings({
      SPEC_STALE_S: ' 5 ',
      SPEC_RATIO: '',
      SPEC_MODE: 'FAST',
      SPEC_SIMULATOR: 'off',
      SPEC_ORIGINS: 'https://a.example, https://b.example,',
      SPEC_ISSUER: 'https://issuer.example',
      SPEC_PASSWORD: 'long enough',
    });
    expect(Object.fromEntries(Object.entries(read))).toEqual({
      staleAfterS: 5,
      ratio: 0.5,
      mode: 'fast',
      simulator: false,
      origins: ['https://a.example', 'https://b.example'],
      title: 'Muster',
      issuer: 'https://issuer.example',
      adminPassword: 'long enough',
    });
    expect(read.staleAfterMs).toBe(5_000);
  });

  it('lists all problems at once, each with its variable and what to do', () => {
    const problems = problemsOf(
      () =>
        new SpecSettings({ SPEC_STALE_S: '1e3', SPEC_MODE: 'loud', SPEC_SIMULATOR: 'maybe', SPEC_ISSUER: 'http://x' }),
    );
    expect(problems).toEqual([
      'SPEC_STALE_S "1e3" is not a whole number from 1 to 3600. Set it to seconds.',
      'SPEC_MODE "loud" is none of fast, safe. Set it to a mode.',
      'SPEC_SIMULATOR "maybe" is neither on nor off. Set it to on or off.',
      'SPEC_ISSUER "http://x" is not a URL that starts with https://. Set it to https://issuer.',
    ]);
  });

  it('says which of two numbers must be greater, with their defaults as well', () => {
    class Timeouts extends settings(
      {
        first: integer('SPEC_FIRST_MS', { default: 10, min: 1, max: 99, hint: 'a time' }),
        second: integer('SPEC_SECOND_MS', { default: 20, min: 1, max: 99, hint: 'a longer time' }),
      },
      { ascending: ['first', 'second'] },
    ) {}
    const problem = 'SPEC_SECOND_MS is 20 and must be more than SPEC_FIRST_MS, which is 20.';
    expect(problemsOf(() => new Timeouts({ SPEC_FIRST_MS: '20' }))).toEqual([problem]);
    expect(problemsOf(() => checkConfig({ DATABASE_URL, SPEC_FIRST_MS: '20' }))).toEqual([problem]);
    expect(problemsOf(() => new Timeouts({ SPEC_FIRST_MS: '19' }))).toEqual([]);
    expect(problemsOf(() => new Timeouts({ SPEC_FIRST_MS: 'x' }))).toHaveLength(1);
  });

  it('never repeats a secret and has no default for one', () => {
    const [problem] = problemsOf(() => new SpecSettings({ SPEC_PASSWORD: 'short' }));
    expect(problem).toBe('SPEC_PASSWORD has fewer than 8 characters. Set it to a password of 8 characters or more.');
    expect(new SpecSettings({}).adminPassword).toBeUndefined();
    expect(
      problemsOf(() => secretUrl('URL', ['nats:'], { hint: 'x' }).read('postgres://u:word@h')).join(),
    ).not.toContain('word');
  });

  it('checks the tables of every module that was loaded', () => {
    const problems = problemsOf(() => checkConfig({ SPEC_STALE_S: 'soon', PORT: '70000' }));
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'PORT', 'SPEC_STALE_S']),
    );
    expect(problems.join()).toContain('DATABASE_URL is missing. Set it to the URL of your Postgres');
    expect(problemsOf(() => checkConfig({ DATABASE_URL }))).toEqual([]);
  });
});

describe('PlatformConfig', () => {
  it('has the defaults of the front door', () => {
    const config = new PlatformConfig('robots', { DATABASE_URL, DATA_DIR: '/nowhere' });
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      logLevel: 'info',
      streamReplicas: 1,
      corsOrigins: [],
    });
    expect(config.brokerUrl).toBe('nats://127.0.0.1:4222');
    expect(config.brokerCredentialsFile).toBeUndefined();
    expect(config.brokerKeysDirectory).toBe('/nowhere/nats');
    expect(config.otlpEndpoint).toBeUndefined();
  });

  it('prefers the broker and the credentials that it is told', () => {
    const environment = { DATABASE_URL, NATS_URL: 'nats://a:1,nats://b:2', NATS_CREDS: __filename };
    const config = new PlatformConfig('robots', environment);
    expect(config.brokerUrl).toBe('nats://a:1,nats://b:2');
    expect(config.brokerCredentialsFile).toBe(__filename);
    expect(problemsOf(() => new PlatformConfig('robots', { DATABASE_URL, NATS_CREDS: '/nowhere/x.creds' }))).toEqual([
      'NATS_CREDS "/nowhere/x.creds" does not exist. Set it to the path of a .creds file.',
    ]);
  });
});
