import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface SimulatorOptions {
  /** Where the gateway listens. */
  readonly url: string;
  /** Absent: 25 of the sample fleet, or as many as the configuration names. */
  readonly robots: number | undefined;
  readonly rateHz: number;
  /** How many malls, each with its orchestrator. */
  readonly malls: number;
  /** In each mall. */
  readonly beacons: number;
  /** A robot_config.json or a directory of them; absent for the sample fleet. */
  readonly config: string | undefined;
  readonly floorPlan: string | undefined;
  readonly user: string;
  /** Read when it is needed: an enrolled fleet starts without it. */
  readonly password: () => string;
  readonly dataDir: string;
  readonly seed: number;
  readonly failureRate: number;
  /** No outages and, unless asked for, no failures. */
  readonly steady: boolean;
}

/** Everything that is wrong with the command line and the environment, at once. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';

  constructor(problems: readonly string[]) {
    super(`The simulator cannot start:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const FLAGS = {
  url: { type: 'string' },
  robots: { type: 'string' },
  'rate-hz': { type: 'string' },
  malls: { type: 'string' },
  beacons: { type: 'string' },
  config: { type: 'string' },
  'floor-plan': { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  'data-dir': { type: 'string' },
  seed: { type: 'string' },
  'failure-rate': { type: 'string' },
  steady: { type: 'boolean' },
} as const;

const USUAL_FAILURE_RATE = 0.02;
const USUAL_BEACONS = 50;

/** Reads flags, then SIMULATOR_* variables (`--rate-hz` is SIMULATOR_RATE_HZ), then defaults. @throws OptionsError */
export function readOptions(args: readonly string[], env: Environment): SimulatorOptions {
  const given = new Given(args, env);
  const steady = given.isSet('steady');
  const dataDir = resolve(given.text('data-dir') ?? (env['DATA_DIR'] || '.data'));
  const user = given.text('user') ?? 'admin';
  const options: SimulatorOptions = {
    url: given.url('url', `http://127.0.0.1:${env['PORT'] || '3000'}`),
    robots: given.number('robots', { min: 1, max: 10_000, whole: true }),
    rateHz: given.number('rate-hz', { min: 0.01, max: 1_000 }) ?? 1,
    malls: given.number('malls', { min: 0, max: 100, whole: true }) ?? 0,
    beacons: given.number('beacons', { min: 1, max: 500, whole: true }) ?? USUAL_BEACONS,
    config: given.path('config'),
    floorPlan: given.path('floor-plan'),
    user,
    password: passwordSource(given.text('password') ?? (user === 'admin' ? env['ADMIN_PASSWORD'] : undefined), {
      user,
      file: join(dataDir, 'credentials.json'),
    }),
    dataDir,
    seed: given.number('seed', { min: 0, max: 2 ** 31, whole: true }) ?? 1,
    failureRate: given.number('failure-rate', { min: 0, max: 1 }) ?? (steady ? 0 : USUAL_FAILURE_RATE),
    steady,
  };
  if (given.problems.length > 0) throw new OptionsError(given.problems);
  return options;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** Flags over variables, collecting what cannot be read. */
class Given {
  readonly problems: string[] = [];
  private readonly flags: Readonly<Record<string, string | boolean | undefined>>;

  constructor(
    args: readonly string[],
    private readonly env: Environment,
  ) {
    this.flags = this.parse(args);
  }

  text(flag: keyof typeof FLAGS): string | undefined {
    const value = this.flags[flag] ?? this.env[variableOf(flag)];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  isSet(flag: 'steady'): boolean {
    return this.flags[flag] === true || ['1', 'on', 'true', 'yes'].includes(this.env[variableOf(flag)] ?? '');
  }

  number(flag: keyof typeof FLAGS, { min, max, whole = false }: Range): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    this.problem(flag, `"${text}" is no ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
    return undefined;
  }

  url(flag: keyof typeof FLAGS, usual: string): string {
    const text = this.text(flag) ?? usual;
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
    this.problem(flag, `"${text}" is no http:// or https:// URL.`);
    return text;
  }

  path(flag: keyof typeof FLAGS): string | undefined {
    const text = this.text(flag);
    if (text !== undefined && !existsSync(text)) this.problem(flag, `"${text}" does not exist.`);
    return text;
  }

  private problem(flag: string, message: string): void {
    this.problems.push(`--${flag} (${variableOf(flag)}): ${message}`);
  }

  private parse(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
    const { tokens, values } = parseArgs({
      args: [...args],
      options: FLAGS,
      strict: false,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === 'positional') this.problems.push(`"${token.value}" is not expected.`);
      else if (token.kind === 'option' && !Object.hasOwn(FLAGS, token.name)) {
        const known = Object.keys(FLAGS).map((flag) => `--${flag}`);
        this.problems.push(`${token.rawName} is unknown; there is ${known.join(', ')}.`);
      } else if (token.kind === 'option' && token.name !== 'steady' && (token.value ?? '') === '') {
        this.problems.push(`${token.rawName} needs a value.`);
      }
    }
    return values;
  }
}

function variableOf(flag: string): string {
  return `SIMULATOR_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** The password as given, else the one that the platform generated for that user. */
function passwordSource(given: string | undefined, { user, file }: { user: string; file: string }): () => string {
  return () => {
    if (given !== undefined && given !== '') return given;
    const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    const passwords = new Map<string, unknown>(
      typeof known === 'object' && known !== null ? Object.entries(known) : [],
    );
    const password = passwords.get(user);
    if (typeof password === 'string') return password;
    throw new Error(`There is no password: give --password, or a ${file} that holds one for "${user}".`);
  };
}
