import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardProcess, releaseProcess } from './guardian.js';
import { LogFile } from './log-file.js';
import { endProcess, processIdentity } from './process-identity.js';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly logFile: string;
  /** Where the pid is noted, so that the next start finds what a killed supervisor left behind. */
  readonly runDir: string;
  readonly stopSignal?: NodeJS.Signals;
  readonly stopGraceMs?: number;
  readonly readyTimeoutMs?: number;
  /** How often to try again when the process ends while starting; a killed server may need a moment to let go. */
  readonly startAttempts?: number;
  readonly isReady: () => Promise<boolean>;
}

export interface ChildExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One child process: started until ready, stopped politely, killed rudely, restarted with the same arguments. */
export class SupervisedChild {
  private process: ChildProcess | undefined;
  private identity: string | undefined;
  private ended: Promise<ChildExit> = Promise.resolve({ name: '', code: null, signal: null });
  private expected = false;
  private readonly crashListeners = new Set<(exit: ChildExit) => void>();

  private readonly log: LogFile;

  constructor(private readonly spec: ChildSpec) {
    this.log = new LogFile(spec.logFile);
  }

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** Calls back when the process ends although nobody asked it to. */
  onCrash(listener: (exit: ChildExit) => void): void {
    this.crashListeners.add(listener);
  }

  async start(): Promise<void> {
    if (this.process !== undefined) throw new Error(`${this.name} is running already`);
    await stopLeftOver(this.spec.runDir, this.name, this.spec.stopSignal);
    const attempts = this.spec.startAttempts ?? 1;
    for (let attempt = 1; !(await this.tryStart()); attempt += 1) {
      if (attempt >= attempts) throw new Error(`${this.name} ended while starting:\n${lastLines(this.logs())}`);
      await delay(250);
    }
  }

  async stop(): Promise<void> {
    await this.end([this.spec.stopSignal ?? 'SIGTERM', 'SIGKILL'], this.spec.stopGraceMs ?? 15_000);
  }

  /** SIGKILL: what a crash or the kernel's memory killer does. */
  async kill(): Promise<void> {
    await this.end(['SIGKILL'], 5_000);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  logs(): string {
    return this.log.read();
  }

  private launch(): void {
    const { command, args, env, cwd, uid, gid } = this.spec;
    const log = this.log.open();
    // Its own session: Ctrl-C in the terminal reaches only the supervisor, which stops its children in order.
    const child = spawn(command, args, { env, cwd, uid, gid, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    this.process = child;
    this.ended = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.settle(child);
        const exit = { name: this.name, code, signal };
        resolve(exit);
        if (!this.expected) for (const listener of this.crashListeners) listener(exit);
      };
      child.once('exit', finish);
      child.once('error', () => finish(null, null));
    });
    this.note(child);
  }

  private note(child: ChildProcess): void {
    if (child.pid === undefined) return;
    guardProcess(child.pid);
    this.identity = processIdentity(child.pid);
    mkdirSync(this.spec.runDir, { recursive: true });
    writeFileSync(join(this.spec.runDir, this.name), this.identity ?? '');
  }

  private settle(child: ChildProcess): void {
    if (child.pid !== undefined) releaseProcess(child.pid);
    if (this.process === child) this.process = undefined;
    this.log.rest();
    rmSync(join(this.spec.runDir, this.name), { force: true });
  }

  /** False when the process ended before it was ready. */
  private async tryStart(): Promise<boolean> {
    // A crash before the first ready answer is reported by start() alone.
    this.expected = true;
    this.launch();
    const deadline = Date.now() + (this.spec.readyTimeoutMs ?? 60_000);
    while (!(await this.spec.isReady())) {
      if (!this.isRunning) return false;
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(`${this.name} is not ready in time:\n${lastLines(this.logs())}`);
      }
      await delay(40);
    }
    this.expected = false;
    return this.isRunning;
  }

  private async end(signals: readonly NodeJS.Signals[], graceMs: number): Promise<void> {
    this.expected = true;
    if (this.process === undefined || this.identity === undefined) return;
    await endProcess(this.identity, signals, graceMs);
    await this.ended;
  }
}

/** Ends the process that an earlier, killed supervisor started under this name. */
export async function stopLeftOver(runDir: string, name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const identity = readNote(join(runDir, name)).trim();
  if (identity !== '') await endProcess(identity, [signal, 'SIGKILL'], 10_000);
}

function readNote(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The end of a log, which is where the reason stands. */
export function lastLines(log: string, count = 15): string {
  return log.trimEnd().split('\n').slice(-count).join('\n');
}
