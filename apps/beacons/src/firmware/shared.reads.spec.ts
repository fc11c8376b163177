import { SharedReads } from './shared.reads.js';

describe('shared reads', () => {
  it('who asks in the same turn shares one read of a key', async () => {
    let reads = 0;
    const shared = new SharedReads<number>();
    const read = () => Promise.resolve((reads += 1));
    expect(await Promise.all([shared.ask('a', read), shared.ask('a', read), shared.ask('b', read)])).toEqual([1, 1, 2]);
  });

  it('who asks while a read runs gets the next one', async () => {
    const shared = new SharedReads<string>();
    let second: Promise<string> | undefined;
    const first = await shared.ask('a', () => {
      second = shared.ask('a', () => Promise.resolve('fresh'));
      return Promise.resolve('old');
    });
    expect([first, await second]).toEqual(['old', 'fresh']);
  });

  it('a failed read is not kept', async () => {
    const shared = new SharedReads<string>();
    await expect(shared.ask('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await shared.ask('a', () => Promise.resolve('back'))).toBe('back');
  });
});
