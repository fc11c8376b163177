import { join, resolve } from 'node:path';
import { answersOk } from './answers-ok.js';
import { SupervisedChild, type ChildExit } from './child.js';
import { expectFirstPasswords, type FirstPasswords } from './passwords.js';
import { freePort } from './ports.js';
import { startStack, type Stack, type StackOptions } from './stack.js';

/** Compiled code: this file is dist/scripts/embedded/platform.js, or its source below scripts/embedded. */
const ROOT = resolve(import.meta.dirname, import.meta.dirname.includes(join('dist', 'scripts')) ? '../../..' : '../..');

/** Most of what a service makes lives for one message: a larger nursery is emptied less often. */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=32'] as const;

const SERVICES = ['robots', 'commands', 'telemetry', 'orchestrators', 'beacons'] as const;

export interface PlatformOptions extends StackOptions {
  /** Every module in one process, or one process per app as in Kubernetes. */
  readonly topology: 'all-in-one' | 'separate';
  readonly gateways?: 1 | 2;
  /** Port of the (first) gateway; a free one when absent. */
  readonly httpPort?: number;
  /** Added to every app's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Platform {
  readonly stack: Stack;
  /** Base URL of each gateway. */
  readonly urls: readonly string[];
  readonly credentials: FirstPasswords;
  /** Every process of the platform by name: `postgres`, `nats-server`, `all-in-one`, `robots`, `gateway`, `gateway-2` … */
  readonly children: ReadonlyMap<string, SupervisedChild>;
  /** Calls back when a process ends although nobody asked it to. */
  onCrash(listener: (exit: ChildExit) => void): void;
  stop(): Promise<void>;
  /** SIGKILL for everything at once. */
  killAll(): Promise<void>;
}

interface AppPlan {
  readonly name: string;
  readonly app: string;
  readonly port: number;
}

/** Starts the stack and the built apps in `dist`, and resolves when every app answers that it is ready. */
export async function launchPlatform(options: PlatformOptions): Promise<Platform> {
  const stack = await startStack(options);
  const children = new Map<string, SupervisedChild>();
  for (const child of [stack.postgres?.child, stack.nats?.child])
    if (child !== undefined) children.set(child.name, child);
  const apps: SupervisedChild[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.stop()));
    await stack.stop();
  };
  try {
    const readCredentials = expectFirstPasswords(stack.dataDir, { ...process.env, ...options.env });
    const plans = await planApps(options);
    for (const plan of plans) {
      const child = appChild(plan, options, stack);
      apps.push(child);
      children.set(plan.name, child);
    }
    options.onStep?.(plans.map(({ name }) => name).join(', '));
    await Promise.all(apps.map((app) => app.start()));
    const credentials = readCredentials();
    const urls = plans.filter(({ app }) => FRONT_DOORS.includes(app)).map((plan) => baseUrl(plan, options));
    const onCrash = (listener: (exit: ChildExit) => void): void => children.forEach((child) => child.onCrash(listener));
    const killAll = async (): Promise<void> =>
      void (await Promise.all([...children.values()].map((child) => child.kill())));
    return { stack, urls, credentials, children, onCrash, stop, killAll };
  } catch (error) {
    await stop();
    throw error;
  }
}

const FRONT_DOORS: readonly string[] = ['all-in-one', 'gateway'];

async function planApps(options: PlatformOptions): Promise<AppPlan[]> {
  const front = options.topology === 'all-in-one' ? 'all-in-one' : 'gateway';
  const plans = [{ name: front, app: front, port: options.httpPort ?? (await freePort(options.host)) }];
  if (options.gateways === 2) plans.push({ name: 'gateway-2', app: 'gateway', port: await freePort(options.host) });
  if (front === 'gateway') {
    for (const app of SERVICES) plans.push({ name: app, app, port: await freePort(options.host) });
  }
  return plans;
}

function appChild(plan: AppPlan, options: PlatformOptions, stack: Stack): SupervisedChild {
  const { name, app, port } = plan;
  const health = `${baseUrl(plan, options)}/health`;
  return new SupervisedChild({
    name,
    command: process.execPath,
    args: [...NODE_FLAGS, join(ROOT, 'dist', 'apps', app, 'src', 'main.js')],
    env: {
      ...process.env,
      DATA_DIR: stack.dataDir,
      NATS_URL: stack.natsUrl,
      DATABASE_URL: stack.databaseUrl,
      HOST: options.host ?? '127.0.0.1',
      PORT: String(port),
      // Who chose the port of HTTP chooses that of gRPC too, by the environment.
      ...(port === options.httpPort ? {} : { GRPC_PORT: '0' }),
      ...options.env,
    },
    logFile: join(stack.dataDir, 'logs', `${name}.log`),
    runDir: join(stack.dataDir, 'run'),
    stopGraceMs: 20_000,
    isReady: () => answersOk(health),
  });
}

/** The front doors alone speak TLS when they are given a certificate. */
function baseUrl({ app, port }: AppPlan, { host = '127.0.0.1', env }: PlatformOptions): string {
  const { TLS_CERT_FILE } = { ...process.env, ...env };
  const isSecure = Boolean(TLS_CERT_FILE) && FRONT_DOORS.includes(app);
  return `${isSecure ? 'https' : 'http'}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}
