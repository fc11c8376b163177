import { MicroBatch } from './micro-batch.js';

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

const bad = new Error('bad item');

describe('MicroBatch', () => {
  it('runs calls that arrive together as one batch and answers each its own result', async () => {
    const sizes: number[] = [];
    const batch = new MicroBatch<number, number>({
      name: 'double',
      run: async (items) => {
        sizes.push(items.length);
        return items.map((item) => item * 2);
      },
    });
    const results = await Promise.all(Array.from({ length: 100 }, (_, n) => batch.add(n)));
    expect(results).toEqual(Array.from({ length: 100 }, (_, n) => n * 2));
    expect(sizes).toEqual([100]);
  });

  it('runs a full batch at once and never more than maxSize items', async () => {
    const sizes: number[] = [];
    const run = async (items: readonly number[]): Promise<readonly number[]> => {
      sizes.push(items.length);
      return items;
    };
    const batch = new MicroBatch<number, number>({ name: 'sized', run, maxSize: 10, maxWaitMs: 60_000 });
    await Promise.all(Array.from({ length: 40 }, (_, n) => batch.add(n)));
    expect(sizes).toEqual([10, 10, 10, 10]);
  });

  it('runs at most maxConcurrency batches at a time', async () => {
    let running = 0;
    let most = 0;
    const run = async (items: readonly number[]): Promise<readonly number[]> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return items;
    };
    const batch = new MicroBatch<number, number>({ name: 'concurrent', run, maxSize: 1, maxConcurrency: 3 });
    await Promise.all(Array.from({ length: 30 }, (_, n) => batch.add(n)));
    expect(most).toBe(3);
  });

  it('fails one caller alone when its outcome is an error', async () => {
    const run = async (items: readonly number[]): Promise<readonly (number | Error)[]> =>
      items.map((item) => (item === 1 ? bad : item));
    const batch = new MicroBatch<number, number>({ name: 'outcomes', run });
    const settled = await Promise.allSettled([0, 1, 2].map((item) => batch.add(item)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('finds the item that spoils a batch by halving it, and stores the rest once', async () => {
    const stored: number[] = [];
    const run = async (items: readonly number[]): Promise<readonly number[]> => {
      if (items.includes(37)) {
        throw bad;
      }
      stored.push(...items);
      return items;
    };
    const batch = new MicroBatch<number, number>({ name: 'halved', run, splitOn: (error) => error === bad });
    const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => batch.add(n)));
    expect(settled.flatMap(({ status }, item) => (status === 'rejected' ? [item] : []))).toEqual([37]);
    expect(stored).toEqual(Array.from({ length: 100 }, (_, n) => n).filter((n) => n !== 37));
  });

  it('fails all callers of a batch that fails for another reason', async () => {
    const lost = new Error('connection lost');
    const batch = new MicroBatch<number, number>({ name: 'lost', run: () => Promise.reject(lost) });
    const settled = await Promise.allSettled([1, 2].map((item) => batch.add(item)));
    expect(settled).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ]);
  });

  it('fails callers when the batch function forgets an outcome', async () => {
    const batch = new MicroBatch<number, number>({ name: 'forgetful', run: async () => [] });
    await expect(batch.add(1)).rejects.toThrow('0 outcomes for 1 items');
  });

  it('refuses what exceeds the queue as OVERLOADED and recovers', async () => {
    const blocked = gate();
    const run = async (items: readonly number[]): Promise<readonly number[]> => {
      await blocked.opened;
      return items;
    };
    const options = { name: 'bounded', run, maxSize: 1, maxConcurrency: 1, maxQueued: 2 };
    const batch = new MicroBatch<number, number>(options);
    const accepted = [0, 1, 2].map((item) => batch.add(item));
    await expect(batch.add(3)).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { queue: 'bounded', maxQueued: 2 },
    });
    blocked.open();
    expect(await Promise.all(accepted)).toEqual([0, 1, 2]);
    expect(await batch.add(4)).toBe(4);
  });

  it('runs what waits when it closes, then refuses', async () => {
    const run = async (items: readonly number[]): Promise<readonly number[]> => items;
    const batch = new MicroBatch<number, number>({ name: 'closing', run, maxWaitMs: 60_000 });
    const waiting = [batch.add(1), batch.add(2)];
    await batch.close();
    expect(await Promise.all(waiting)).toEqual([1, 2]);
    await expect(batch.add(3)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await batch.close();
  });
});
