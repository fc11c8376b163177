import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inboxPrefixOf, type StoredFile } from '#libs/contracts';
import { BrokerConnection, FileBucket, provision } from '#libs/jetstream';
import { PlatformConfig } from '#libs/platform';
import { startTestBroker, type TestBroker } from '../../../../test/support/broker.js';
import { binaryOf, sha256 } from '../../../../test/support/firmware.js';
import { FirmwareDisk } from './firmware.disk.js';
import { FirmwareEdgeSettings } from './firmware-edge.settings.js';

const MIB = 1_048_576;

let server: TestBroker;
let broker: BrokerConnection;
let bucket: FileBucket;
let dataDir: string;

const openAs = (user: string): Promise<BrokerConnection> =>
  BrokerConnection.open({
    url: server.url,
    name: user,
    inboxPrefix: inboxPrefixOf(user),
    credsFile: server.credsFile(user),
  });

beforeAll(async () => {
  server = await startTestBroker();
  const provisioner = await openAs('provisioner');
  await provision(provisioner, { replicas: 1 });
  await provisioner.close();
  broker = await openAs('gateway');
  bucket = new FileBucket(broker, 'FIRMWARE');
});

afterAll(async () => {
  await broker.close();
  await server.stop();
});

beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'muster-test-disk-'))));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** A gateway's disk, as after a start: it knows nothing of what lies there. */
function startDisk(maxBytes = 64 * MIB): { disk: FirmwareDisk; reads: () => number } {
  let reads = 0;
  const counting = Object.create(bucket, {
    read: {
      value: (name: string) => {
        reads++;
        return bucket.read(name);
      },
    },
  }) as FileBucket;
  const config = new PlatformConfig('gateway', { DATA_DIR: dataDir, DATABASE_URL: 'postgres://unused/unused' });
  const settings = new FirmwareEdgeSettings({ FIRMWARE_CACHE_MAX_BYTES: String(maxBytes) });
  return { disk: new FirmwareDisk(counting, config, settings), reads: () => reads };
}

let stored = 0;
async function store(sizeBytes: number): Promise<StoredFile> {
  const bytes = binaryOf(sizeBytes);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const { name } = await bucket.put(`disk-${++stored}`, pieces());
  return { object_name: name, size_bytes: sizeBytes, checksum: sha256(bytes) };
}

const folder = (): string => join(dataDir, 'cache', 'firmware');
const pathOf = ({ checksum }: StoredFile): string => join(folder(), checksum.slice(7));
async function contentOf(handle: FileHandle): Promise<string> {
  const bytes = await handle.readFile();
  await handle.close();
  return sha256(bytes);
}

it('fetches a file once for all who want it at once, and never again', async () => {
  const file = await store(3 * MIB);
  const { disk, reads } = startDisk();
  const handles = await Promise.all(Array.from({ length: 20 }, () => disk.open(file)));
  for (const handle of handles) expect(await contentOf(handle)).toBe(file.checksum);
  expect(await contentOf(await disk.open(file))).toBe(file.checksum);
  expect(reads()).toBe(1);
  expect(readdirSync(folder())).toEqual([file.checksum.slice(7)]);
});

it('has its files still after a restart, also while the object store is away', async () => {
  const file = await store(MIB);
  await (await startDisk().disk.open(file)).close();
  const { disk, reads } = startDisk();
  await bucket.delete(file.object_name);
  expect(await contentOf(await disk.open(file))).toBe(file.checksum);
  expect(reads()).toBe(0);
});

it.each([
  ['before a restart', true],
  ['while it runs', false],
])('notices a file that was damaged %s, and fetches it again', async (_when, restarts) => {
  const file = await store(MIB);
  const first = startDisk();
  await (await first.disk.open(file)).close();
  const damaged = readFileSync(pathOf(file));
  damaged[1_000] = damaged[1_000]! ^ 0xff;
  const { mtimeMs } = statSync(pathOf(file));
  writeFileSync(pathOf(file), damaged);
  if (restarts) utimesSync(pathOf(file), new Date(), new Date(mtimeMs));
  const { disk } = restarts ? startDisk() : first;
  expect(await contentOf(await disk.open(file))).toBe(file.checksum);
});

it('fetches a file that was cut short or deleted again', async () => {
  const file = await store(MIB);
  const { disk } = startDisk();
  await (await disk.open(file)).close();
  writeFileSync(pathOf(file), Buffer.alloc(10));
  expect(await contentOf(await disk.open(file))).toBe(file.checksum);
  rmSync(pathOf(file));
  expect(await contentOf(await disk.open(file))).toBe(file.checksum);
});

it('keeps no more bytes than allowed: the longest unused goes first, and who reads it reads on', async () => {
  const { disk } = startDisk(3 * MIB);
  const [old, used, newest] = [await store(MIB), await store(MIB), await store(1.5 * MIB)];
  for (const file of [old, used]) await (await disk.open(file)).close();
  const long = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
  utimesSync(pathOf(old), long(20), long(90));
  utimesSync(pathOf(used), long(10), long(90));
  const reading = await startDisk(3 * MIB).disk.open(old);
  utimesSync(pathOf(old), long(20), long(90));
  await (await disk.open(newest)).close();
  expect([old, used, newest].map((file) => existsSync(pathOf(file)))).toEqual([false, true, true]);
  expect(await contentOf(reading)).toBe(old.checksum);
});

it('keeps nothing of a file that is not what it should be', async () => {
  const file = { ...(await store(MIB)), checksum: sha256(Buffer.from('something else')) };
  const { disk } = startDisk();
  await expect(disk.open(file)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(readdirSync(folder())).toEqual([]);
});
