import { join, resolve } from 'node:path';
import { lastLines, SupervisedChild, type ChildExit } from './embedded/child.js';
import { launchPlatform, type Platform, type PlatformOptions } from './embedded/platform.js';
import { requireFreePort } from './embedded/ports.js';
import { claimDataDir } from './embedded/supervisor-lock.js';

const SIMULATED_ROBOTS = '25';
const SIMULATED_RATE_HZ = '1';
const SIMULATED_MALLS = '1';
/** npm and the terminal both pass on one Ctrl-C; what comes later is the user's second one. */
const SAME_KEYSTROKE_MS = 1_000;

interface Settings {
  readonly port: number;
  readonly host: string;
  readonly natsPort: number;
  readonly dataDir: string;
  readonly simulator: boolean;
  readonly external: PlatformOptions['external'];
}

/** `npm start` after install and build: servers, apps and the simulated fleet, until a signal or a crash ends them. */
export async function start(): Promise<void> {
  const settings = readSettings(process.env);
  const release = await claimDataDir(settings.dataDir);
  process.once('exit', release);
  const running = new Running();
  running.stopOnSignals();
  await requireFreePort(settings.port, 'PORT', settings.host);
  const platform = await launchPlatform({
    topology: 'all-in-one',
    dataDir: settings.dataDir,
    host: settings.host,
    httpPort: settings.port,
    natsPort: settings.natsPort,
    external: settings.external,
    streamReplicas: Number(process.env.STREAM_REPLICAS ?? '1'),
    onStep: (step) => console.log(`  starting       ${step} …`),
  });
  running.platform = platform;
  if (settings.simulator) running.simulator = await startSimulator(platform);
  running.stopOnCrash();
  announce(platform);
}

function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { NATS_URL, NATS_CREDS, DATABASE_URL } = env;
  return {
    port: readPort(env.PORT, 'PORT', 3000),
    host: env.HOST || '127.0.0.1',
    natsPort: readPort(env.NATS_PORT, 'NATS_PORT', 4222),
    dataDir: resolve(env.DATA_DIR || '.data'),
    simulator: (env.SIMULATOR || 'on').toLowerCase() !== 'off',
    external: { natsUrl: NATS_URL || undefined, natsCreds: NATS_CREDS, databaseUrl: DATABASE_URL || undefined },
  };
}

function readPort(text: string | undefined, variable: string, usual: number): number {
  const port = Number(text || usual);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${variable}=${text} is no TCP port: choose a whole number from 1 to 65535.`);
}

async function startSimulator({ stack, urls, credentials }: Platform): Promise<SupervisedChild> {
  const [url = ''] = urls;
  const robots = process.env.SIMULATOR_ROBOTS || SIMULATED_ROBOTS;
  const rateHz = process.env.SIMULATOR_RATE_HZ || SIMULATED_RATE_HZ;
  const malls = process.env.SIMULATOR_MALLS || SIMULATED_MALLS;
  console.log(`  starting       simulator: ${robots} robots at ${rateHz} Hz, ${malls} mall(s) …`);
  const main = join(import.meta.dirname, '..', 'apps', 'simulator', 'src', 'main.js');
  const flags = ['--robots', robots, '--rate-hz', rateHz, '--malls', malls, '--url', url];
  const simulator = new SupervisedChild({
    name: 'simulator',
    command: process.execPath,
    args: ['--enable-source-maps', main, ...flags],
    env: {
      ...process.env,
      ADMIN_PASSWORD: credentials.passwords.admin,
      DATA_DIR: stack.dataDir,
      // It talks to this machine alone, and the certificate is for the name that others use.
      ...(url.startsWith('https:') ? { NODE_TLS_REJECT_UNAUTHORIZED: '0' } : {}),
    },
    logFile: join(stack.dataDir, 'logs', 'simulator.log'),
    runDir: join(stack.dataDir, 'run'),
    isReady: () => Promise.resolve(true),
  });
  await simulator.start();
  return simulator;
}

function announce({ stack, urls, credentials }: Platform): void {
  console.log(
    `\nMuster is ready: ${urls[0]}  ·  passwords in ${credentials.file}  ·  logs in ${join(stack.dataDir, 'logs')}`,
  );
  if (credentials.generated.length > 0) {
    const lines = credentials.generated.map((user) => `  ${user.padEnd(10)} ${credentials.passwords[user]}`);
    console.log(`First log-ins, shown this once:\n${lines.join('\n')}`);
  }
  console.log('Ctrl-C stops everything.');
}

/** What has been started so far, and how it ends. */
class Running {
  platform: Platform | undefined;
  simulator: SupervisedChild | undefined;
  private stoppingSince: number | undefined;

  stopOnSignals(): void {
    // A closed terminal must not turn the last messages into a crash before everything is stopped.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => void this.signalled());
    }
  }

  stopOnCrash(): void {
    const crashed = (exit: ChildExit): void => void this.crashed(exit);
    this.platform?.onCrash(crashed);
    this.simulator?.onCrash(crashed);
  }

  private async signalled(): Promise<void> {
    if (this.stoppingSince !== undefined) {
      if (Date.now() - this.stoppingSince > SAME_KEYSTROKE_MS) await this.force();
      return;
    }
    console.log('\nStopping … (Ctrl-C again to force)');
    await this.stop();
    console.log('Stopped.');
    process.exit(0);
  }

  private async crashed({ name, code, signal }: ChildExit): Promise<void> {
    if (this.stoppingSince !== undefined) return;
    const log = lastLines((name === 'simulator' ? this.simulator : this.platform?.children.get(name))?.logs() ?? '');
    console.error(`\n${name} ended unexpectedly (${signal ?? `exit code ${code}`}). The end of its log:\n${log}\n`);
    console.error('Stopping the rest …');
    await this.stop();
    process.exit(1);
  }

  private async stop(): Promise<void> {
    this.stoppingSince = Date.now();
    await this.simulator?.stop();
    await this.platform?.stop();
  }

  private async force(): Promise<void> {
    console.log('Killing what is left …');
    await Promise.all([this.simulator?.kill(), this.platform?.killAll()]);
    process.exit(1);
  }
}
