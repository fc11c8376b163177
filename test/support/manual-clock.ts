import type { Clock, StopTimer } from '../../apps/simulator/src/clock.js';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly task: () => void;
}

/** Time that goes on when a test says so. */
export class ManualClock implements Clock {
  private readonly timers = new Set<Timer>();
  /** How long each timer that was set was to wait, milliseconds, in order. */
  readonly waits: number[] = [];

  constructor(private atMs = Date.parse('2026-01-01T00:00:00Z')) {}

  nowMs(): number {
    return this.atMs;
  }

  every(intervalMs: number, task: () => void): StopTimer {
    return this.add({ dueMs: this.atMs + intervalMs, everyMs: intervalMs, task });
  }

  after(delayMs: number, task: () => void): StopTimer {
    this.waits.push(delayMs);
    return this.add({ dueMs: this.atMs + delayMs, everyMs: undefined, task });
  }

  /** Lets time pass; timers run in the order in which they are due. */
  advance(byMs: number): void {
    const untilMs = this.atMs + byMs;
    for (let next = this.next(untilMs); next; next = this.next(untilMs)) {
      this.atMs = next.dueMs;
      if (next.everyMs === undefined) this.timers.delete(next);
      else next.dueMs += next.everyMs;
      next.task();
    }
    this.atMs = untilMs;
  }

  get pendingCount(): number {
    return this.timers.size;
  }

  private add(timer: Timer): StopTimer {
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  private next(untilMs: number): Timer | undefined {
    const due = [...this.timers].filter(({ dueMs }) => dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}
