/** Ends a timer; calling it twice is harmless. */
export type StopTimer = () => void;

/** What a robot knows of time; tests and benches bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  every(intervalMs: number, task: () => void): StopTimer;
  after(delayMs: number, task: () => void): StopTimer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  every: (intervalMs, task) => {
    const timer = setInterval(task, intervalMs);
    return () => clearInterval(timer);
  },
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
