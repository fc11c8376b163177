import { createHash, randomBytes } from 'node:crypto';
import { inboxPrefixOf } from '#libs/contracts';
import { startTestBroker, type TestBroker } from '../../../test/support/broker.js';
import { BrokerConnection } from './connection.js';
import { FileBucket } from './file.bucket.js';
import { provision } from './provisioning.js';

let server: TestBroker;
let gateway: BrokerConnection;
let beacons: BrokerConnection;
let bucket: FileBucket;

const openAs = (user: string): Promise<BrokerConnection> =>
  BrokerConnection.open({
    url: server.url,
    name: user,
    inboxPrefix: inboxPrefixOf(user),
    credsFile: server.credsFile(user),
  });

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* piecesOf(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function wholeOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

beforeAll(async () => {
  server = await startTestBroker();
  const provisioner = await openAs('provisioner');
  await provision(provisioner, { replicas: 1 });
  await provisioner.close();
  [gateway, beacons] = [await openAs('gateway'), await openAs('beacons')];
  bucket = new FileBucket(gateway, 'FIRMWARE');
});

afterAll(async () => {
  await gateway.close();
  await beacons.close();
  await server.stop();
});

it.each([0, 1, 524_288, 524_289, 3_000_000])('gives back a file of %i bytes as it was stored', async (sizeBytes) => {
  const bytes = randomBytes(sizeBytes);
  const stored = await bucket.put(`file-${sizeBytes}`, piecesOf(bytes, 65_536));
  expect(stored.sizeBytes).toBe(sizeBytes);
  expect(sha256(await wholeOf(new FileBucket(beacons, 'FIRMWARE').read(`file-${sizeBytes}`)))).toBe(sha256(bytes));
});

it('leaves nothing of a file whose source fails, and says why it failed', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield randomBytes(1_500_000);
    throw new Error('the client went away');
  }
  await expect(bucket.put('half', failing())).rejects.toThrow('the client went away');
  expect((await bucket.list()).map(({ name }) => name)).not.toContain('half');
  expect(await bucket.looseChunks()).toEqual([]);
});

it('lists files, and drops one with its chunks', async () => {
  await bucket.put('doomed', piecesOf(randomBytes(900_000), 100_000));
  expect((await bucket.list()).map(({ name }) => name)).toContain('doomed');
  await bucket.delete('doomed');
  await bucket.delete('doomed');
  expect((await bucket.list()).map(({ name }) => name)).not.toContain('doomed');
  expect(await bucket.looseChunks()).toEqual([]);
  await expect(wholeOf(bucket.read('doomed'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

it('finds the chunks of an upload that never ended, and drops them', async () => {
  let release = (): void => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield randomBytes(1_500_000);
    await stuck;
  }
  const upload = bucket.put('stuck', slow());
  let loose = await bucket.looseChunks();
  while (loose.length === 0) loose = await bucket.looseChunks();
  expect(loose).toHaveLength(1);
  expect(Math.abs(Date.now() - loose[0]!.storedAt.getTime())).toBeLessThan(60_000);
  for (const chunks of loose) await bucket.dropChunks(chunks);
  release();
  await upload;
  await expect(wholeOf(bucket.read('stuck'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
}, 20_000);
