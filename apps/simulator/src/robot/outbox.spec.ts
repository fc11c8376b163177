import type { Clock } from '../clock.js';
import type { OutgoingMessage } from './envelope.js';
import { Outbox } from './outbox.js';

/** Time passes when the test says so. */
class HandClock implements Clock {
  private now = 0;
  private readonly due: { atMs: number; task: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  every(): () => void {
    throw new Error('not used here');
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { atMs: this.now + delayMs, task };
    this.due.push(entry);
    return () => void this.due.splice(this.due.indexOf(entry), this.due.includes(entry) ? 1 : 0);
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const entry of this.due.filter(({ atMs }) => atMs <= this.now)) entry.task();
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const message = (publishId: string): OutgoingMessage => ({ type: 't', subject: 's', data: '{}', publishId });

describe('the outbox', () => {
  it('sends in order, one at a time', async () => {
    const sent: string[] = [];
    let underway = 0;
    const send = async ({ publishId }: OutgoingMessage): Promise<void> => {
      expect(++underway).toBe(1);
      await settle();
      underway--;
      sent.push(publishId);
    };
    const outbox = new Outbox({ capacity: 10, clock: new HandClock(), send });
    for (const id of ['1', '2', '3']) outbox.put(message(id));
    await outbox.empty();
    expect([sent, outbox.storedCount, outbox.size]).toEqual([['1', '2', '3'], 3, 0]);
  });

  it('repeats what was not stored with the same id, after growing pauses or when woken', async () => {
    const clock = new HandClock();
    const tried: string[] = [];
    const send = ({ publishId }: OutgoingMessage): Promise<void> => {
      tried.push(publishId);
      return tried.length < 4 ? Promise.reject(new Error('no answer')) : Promise.resolve();
    };
    const outbox = new Outbox({ capacity: 10, clock, send });
    outbox.put(message('1'));
    outbox.put(message('2'));
    await settle();
    await clock.pass(200);
    expect(tried).toEqual(['1', '1']);
    await clock.pass(200);
    expect(tried).toEqual(['1', '1']);
    await clock.pass(200);
    expect(tried).toEqual(['1', '1', '1']);
    outbox.wake();
    await outbox.empty();
    expect([tried, outbox.retriedCount]).toEqual([['1', '1', '1', '1', '2'], 3]);
  });

  it('drops the oldest that waits when it is full, and counts it', async () => {
    const sent: string[] = [];
    let broker: (() => void) | undefined;
    const send = async ({ publishId }: OutgoingMessage): Promise<void> => {
      if (publishId === '1') await new Promise<void>((resolve) => (broker = resolve));
      sent.push(publishId);
    };
    const outbox = new Outbox({ capacity: 2, clock: new HandClock(), send });
    for (const id of ['1', '2', '3', '4', '5']) outbox.put(message(id));
    broker?.();
    await outbox.empty();
    expect([sent, outbox.droppedCount]).toEqual([['1', '4', '5'], 2]);
  });

  it('gives up everything when closed', async () => {
    const outbox = new Outbox({ capacity: 9, clock: new HandClock(), send: () => Promise.reject(new Error('away')) });
    outbox.put(message('1'));
    outbox.put(message('2'));
    await settle();
    outbox.close();
    await outbox.empty();
    outbox.put(message('3'));
    expect([outbox.size, outbox.storedCount]).toEqual([0, 0]);
  });
});
