import { Logger } from '@nestjs/common';
import { Ticker } from './ticker.js';

const INTERVAL_MS = 2_000;

/** Work that a test ends when it likes. */
class Work {
  runs = 0;
  private end: ((more: boolean) => void) | undefined;
  private break: ((error: Error) => void) | undefined;
  readonly start = (): Promise<boolean> => {
    this.runs++;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.break = reject;
    });
  };

  async finish(more = false): Promise<void> {
    this.end?.(more);
    await jest.advanceTimersByTimeAsync(0);
  }

  async fail(): Promise<void> {
    this.break?.(new Error('away'));
    await jest.advanceTimersByTimeAsync(0);
  }
}

describe('a ticker', () => {
  let work: Work;
  let ticker: Ticker;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    work = new Work();
    ticker = new Ticker('Spec', INTERVAL_MS, work.start);
  });
  afterEach(async () => {
    const stopped = ticker.stop();
    await work.finish();
    await stopped;
    jest.useRealTimers();
  });

  it('runs an interval after each run, and never twice at a time', async () => {
    ticker.start();
    expect(work.runs).toBe(0);
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(work.runs).toBe(1);
    await jest.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(work.runs).toBe(1);
    await work.finish();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(work.runs).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(work.runs).toBe(2);
  });

  it('goes on at once while there is more', async () => {
    ticker.start();
    ticker.kick();
    await work.finish(true);
    expect(work.runs).toBe(2);
    await work.finish();
    expect(work.runs).toBe(2);
  });

  it('runs when it is kicked, and once more when it is kicked during a run', async () => {
    ticker.start();
    ticker.kick();
    expect(work.runs).toBe(1);
    for (let n = 0; n < 5; n++) ticker.kick();
    await work.finish();
    expect(work.runs).toBe(2);
    await work.finish();
    expect(work.runs).toBe(2);
  });

  it('pauses after a failure, also when it is short of time', async () => {
    ticker = new Ticker('Spec', 1, work.start);
    ticker.start();
    ticker.kick();
    ticker.kick();
    await work.fail();
    await jest.advanceTimersByTimeAsync(999);
    expect(work.runs).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(work.runs).toBe(2);
  });

  it('does nothing before it starts, and stops after the run under way', async () => {
    ticker.kick();
    expect(work.runs).toBe(0);
    ticker.start();
    ticker.kick();
    let stopped = false;
    const stopping = ticker.stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(stopped).toBe(false);
    await work.finish(true);
    await stopping;
    await jest.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    ticker.kick();
    expect(work.runs).toBe(1);
  });
});
