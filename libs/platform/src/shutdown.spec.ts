import { Logger } from '@nestjs/common';
import { shutDown } from './shutdown.js';

describe('shutDown', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('runs every step in order, also after one that fails, and says so', async () => {
    const ran: string[] = [];
    const step = (name: string, run: () => Promise<void> | void = () => undefined) => ({
      name,
      run: async () => {
        ran.push(name);
        await run();
      },
    });
    const failing = step('app', () => Promise.reject(new Error('stuck')));
    expect(await shutDown([step('consumers'), failing, step('broker')], 1_000)).toBe(false);
    expect(ran).toEqual(['consumers', 'app', 'broker']);
    expect(await shutDown([step('consumers'), step('broker')], 1_000)).toBe(true);
  });

  it('gives up at the deadline and leaves the rest', async () => {
    let reached = false;
    const steps = [
      { name: 'app', run: () => new Promise(() => undefined) },
      { name: 'broker', run: () => void (reached = true) },
    ];
    expect(await shutDown(steps, 20)).toBe(false);
    expect(reached).toBe(false);
  });
});
