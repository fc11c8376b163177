import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';

/** The documents' three states (orchestrators.txt 10.3). */
export type HealthState = 'healthy' | 'degraded' | 'unhealthy';

/** Resolves to a state, or to nothing = healthy; a rejection is a failure of its dependency. */
export type HealthCheck = () => HealthState | void | Promise<HealthState | void>;

export interface HealthCheckOptions {
  /** Whether the service is `unhealthy` without it, else `degraded`; true unless told. */
  readonly critical?: boolean;
}

/** The documents' health body, with each app's own names. */
export interface HealthReport {
  readonly status: HealthState;
  readonly checks: Readonly<Record<string, HealthState>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly timestamp: string;
}

interface Entry {
  readonly check: HealthCheck;
  readonly critical: boolean;
}

const CHECK_TIMEOUT_MS = 2_000;
const REPORT_LIFETIME_MS = 500;
const BYTES_PER_MEBIBYTE = 1_048_576;

/** What this process depends on, and the few numbers that its health shows. */
@Injectable()
export class HealthRegistry {
  private readonly logger = new Logger(HealthRegistry.name);
  private readonly entries = new Map<string, Entry>();
  private readonly gauges = new Map<string, () => number>();
  private readonly lastStates = new Map<string, HealthState>();
  private current: { readonly report: Promise<HealthReport>; readonly takenAtMs: number } | undefined;
  private phase: 'starting' | 'running' | 'stopping' = 'starting';

  /** Adds a check under its name on the wire, e.g. `database`. */
  register(name: string, check: HealthCheck, { critical = true }: HealthCheckOptions = {}): void {
    this.entries.set(name, { check, critical });
    this.current = undefined;
  }

  /** Adds a number to the report's `metrics`, e.g. `connected_sockets`. */
  registerMetric(name: string, read: () => number): void {
    this.gauges.set(name, read);
  }

  /** From now on the process takes work. */
  markRunning(): void {
    this.phase = 'running';
  }

  /** From now on readiness fails, so that no new work is routed here. */
  markStopping(): void {
    this.phase = 'stopping';
  }

  get isStopping(): boolean {
    return this.phase === 'stopping';
  }

  /** Whether the process takes work: started, not stopping, and nothing critical is down. */
  async isReady(): Promise<boolean> {
    return this.phase === 'running' && (await this.report()).status !== 'unhealthy';
  }

  /** Runs every check (2 s each at most); calls within half a second share one report. */
  report(): Promise<HealthReport> {
    const nowMs = performance.now();
    if (this.current === undefined || nowMs - this.current.takenAtMs > REPORT_LIFETIME_MS) {
      this.current = { report: this.take(), takenAtMs: nowMs };
    }
    return this.current.report;
  }

  private async take(): Promise<HealthReport> {
    const results = await Promise.all([...this.entries].map(([name, entry]) => this.run(name, entry)));
    const states = results.map(([, state]) => state);
    return {
      status: worstOf(states),
      checks: Object.fromEntries(results),
      metrics: {
        ...Object.fromEntries([...this.gauges].map(([name, read]) => [name, read()])),
        memory_used_mb: Math.round(process.memoryUsage.rss() / BYTES_PER_MEBIBYTE),
        uptime_seconds: Math.floor(process.uptime()),
      },
      timestamp: new Date().toISOString(),
    };
  }

  private async run(name: string, { check, critical }: Entry): Promise<readonly [string, HealthState]> {
    const failed = critical ? 'unhealthy' : 'degraded';
    try {
      const state = (await withTimeout(check)) ?? 'healthy';
      return [name, this.noted(name, state === 'unhealthy' ? failed : state)];
    } catch (error) {
      return [name, this.noted(name, failed, error)];
    }
  }

  /** A change of state is worth a line, its repetition is not. */
  private noted(name: string, state: HealthState, error?: unknown): HealthState {
    if ((this.lastStates.get(name) ?? 'healthy') !== state) {
      const line = { event: 'health_changed', check: name, state, error };
      if (state === 'healthy') {
        this.logger.log(line);
      } else {
        this.logger.warn(line);
      }
    }
    this.lastStates.set(name, state);
    return state;
  }
}

async function withTimeout(check: HealthCheck): Promise<HealthState | void> {
  const abort = new AbortController();
  const late = delay(CHECK_TIMEOUT_MS, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${String(CHECK_TIMEOUT_MS)} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } finally {
    abort.abort();
  }
}

function worstOf(states: readonly HealthState[]): HealthState {
  if (states.includes('unhealthy')) {
    return 'unhealthy';
  }
  return states.includes('degraded') ? 'degraded' : 'healthy';
}
