import { Gate } from './gate.js';

it('runs so many at once, the others in their order, and goes on after a failure', async () => {
  const gate = new Gate(2);
  const [started, finish]: [number[], (() => void)[]] = [[], []];
  const work = (n: number) =>
    gate.run(async () => {
      started.push(n);
      await new Promise<void>((resolve) => finish.push(resolve));
      if (n === 1) throw new Error('one failed');
    });
  const all = [1, 2, 3, 4].map((n) => work(n).catch(() => undefined));
  expect(started).toEqual([1, 2]);
  finish[0]?.();
  await all[0];
  finish[1]?.();
  await all[1];
  expect(started).toEqual([1, 2, 3, 4]);
  finish.forEach((done) => done());
  await Promise.all(all);
});
