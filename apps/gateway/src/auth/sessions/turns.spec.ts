import { Turns } from './turns.js';

describe('Turns', () => {
  it('work of one key runs one after the other, in order', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
    };
    await Promise.all([turns.run('k', work('a')), turns.run('k', work('b'))]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('another key does not wait', async () => {
    const turns = new Turns();
    let finish = (): void => undefined;
    const stuck = turns.run('a', () => new Promise<void>((resolve) => (finish = resolve)));
    await expect(turns.run('b', () => Promise.resolve('done'))).resolves.toBe('done');
    finish();
    await stuck;
  });

  it('a failure is its caller’s alone', async () => {
    const turns = new Turns();
    const failing = turns.run('k', () => Promise.reject(new Error('no')));
    const next = turns.run('k', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('a line has an end', async () => {
    const turns = new Turns();
    let finish = (): void => undefined;
    const first = turns.run('k', () => new Promise<void>((resolve) => (finish = resolve)));
    const line = Array.from({ length: 99 }, () => turns.run('k', () => Promise.resolve()));
    await expect(turns.run('k', () => Promise.resolve())).rejects.toMatchObject({ code: 'OVERLOADED' });
    finish();
    await Promise.all([first, ...line]);
    await expect(turns.run('k', () => Promise.resolve('again'))).resolves.toBe('again');
  });
});
