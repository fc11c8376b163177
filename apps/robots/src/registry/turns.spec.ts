import { Turns } from './turns.js';

describe('turns', () => {
  it('keeps the order of one key, also after a failure, and lets others pass', async () => {
    const turns = new Turns();
    const done: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const first = turns.take('a', () => gate.then(() => Promise.reject(new Error('first failed'))));
    const second = turns.take('a', async () => void done.push('a2'));
    await turns.take('b', async () => void done.push('b1'));
    expect(done).toEqual(['b1']);
    open();
    await expect(first).rejects.toThrow('first failed');
    await second;
    expect(done).toEqual(['b1', 'a2']);
  });
});
