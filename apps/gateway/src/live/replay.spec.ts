import { oldestOf, Replay } from './replay.js';
import type { StoredMessage, Stretch, StreamReader } from './stream.reader.js';

const message = (sequence: number, storedAtUs: number): StoredMessage => ({
  subject: 's',
  data: new Uint8Array(),
  receivedAt: new Date(storedAtUs / 1000),
  sequence,
  storedAtUs,
});

/** Stretches are told apart by their filter; no broker. */
function readerOf(stored: Record<string, readonly StoredMessage[]>): { reader: StreamReader; closed: string[] } {
  const closed: string[] = [];
  const open = async ({ filter }: Stretch) => {
    const messages = stored[filter];
    if (!messages) throw new Error('the broker is away');
    return {
      count: messages.length,
      messages: async function* () {
        yield* messages;
      },
      close: async () => void closed.push(filter),
    };
  };
  return { reader: { open } as unknown as StreamReader, closed };
}

const stretch = (filter: string, upTo = 99): Stretch => ({
  stream: 'EVENTS',
  filter,
  after: 0,
  upTo,
  newestOnly: false,
});

it('merges streams by broker time and keeps the order within each', async () => {
  const { reader } = readerOf({ a: [message(1, 10), message(2, 40)], b: [message(1, 20), message(2, 30)] });
  const replay = await Replay.open(reader, [stretch('a'), stretch('b')]);
  const order = [];
  for await (const { source, sequence } of replay.messages()) order.push(`${source}:${sequence}`);
  expect(order).toEqual(['0:1', '1:1', '1:2', '0:2']);
});

it('opens nothing for an empty stretch and keeps the others in their places', async () => {
  const { reader } = readerOf({ b: [message(5, 1)] });
  const replay = await Replay.open(reader, [stretch('a', 0), stretch('b')]);
  const sources = [];
  for await (const { source } of replay.messages()) sources.push(source);
  expect(sources).toEqual([1]);
  expect(replay.count).toBe(1);
});

it('closes what it had opened when one stretch cannot be', async () => {
  const { reader, closed } = readerOf({ a: [] });
  await expect(Replay.open(reader, [stretch('a'), stretch('missing')])).rejects.toThrow('away');
  expect(closed).toEqual(['a']);
});

it('lets the earlier source go first at one instant', () => {
  expect(oldestOf([undefined, message(1, 5), message(2, 5)])?.sequence).toBe(1);
  expect(oldestOf([])).toBeUndefined();
});
