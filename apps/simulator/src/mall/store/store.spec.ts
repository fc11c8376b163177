import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checksums, recordChecksum } from '#libs/contracts';
import { RecordCache, remedyFor } from './record.cache.js';
import { SealedFiles } from './sealed.file.js';
import { BATCH_SIZE, type QueuedReport, UploadQueue } from './upload.queue.js';

let directory: string;
let files: SealedFiles;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'muster-mall-'));
  files = new SealedFiles(directory);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the disk of an orchestrator', () => {
  it('ORC-090 keeps its cache encrypted with AES-256-GCM', () => {
    files.write('cache', { areas: [{ id: 'area-1', name: 'Food Court' }] });
    const bytes = readFileSync(files.path('cache'));
    expect(bytes.includes('Food Court')).toBe(false);
    expect(bytes.includes('area-1')).toBe(false);
    expect(statSync(join(directory, 'cache.key')).mode & 0o777).toBe(0o600);
    expect(new SealedFiles(directory).read('cache')).toEqual({ areas: [{ id: 'area-1', name: 'Food Court' }] });
  });

  it('takes a file that was altered, cut or swapped for none', () => {
    files.write('cache', { n: 1 });
    files.write('queue', []);
    writeFileSync(files.path('queue'), readFileSync(files.path('cache')));
    expect(files.read('queue')).toBeUndefined();
    const bytes = readFileSync(files.path('cache'));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(files.path('cache'), bytes);
    expect(files.read('cache')).toBeUndefined();
    writeFileSync(files.path('cache'), Buffer.alloc(5));
    expect(files.read('cache')).toBeUndefined();
  });
});

const report = (n: number): QueuedReport => ({ id: `r-${n}`, type: 'task_status', body: { n } });

describe('the queue of an orchestrator', () => {
  it('ORC-078 uploads 250 items as 100, 100 and 50, and goes on behind the last good batch after a failure', async () => {
    const batches: string[][] = [];
    let failures = 1;
    const upload = (reports: readonly QueuedReport[]): Promise<string[]> => {
      const ids = reports.map(({ id }) => id);
      if (batches.length === 1 && failures-- > 0) return Promise.resolve([]);
      batches.push(ids);
      return Promise.resolve(ids);
    };
    const queue = new UploadQueue(files, upload);
    for (let n = 0; n < 250; n++) queue.add(report(n));
    await queue.flush();
    expect(queue.size).toBe(150);
    // A restart in between: what was not taken is still there, and nothing else.
    const again = new UploadQueue(files, upload);
    await again.flush();
    expect(batches.map(({ length }) => length)).toEqual([BATCH_SIZE, BATCH_SIZE, 50]);
    expect(batches.flat()).toEqual(Array.from({ length: 250 }, (_, n) => `r-${n}`));
    expect(new UploadQueue(files, upload).size).toBe(0);
  });

  it('keeps the items of a batch that were not taken', async () => {
    const answers = [['r-1'], []];
    const queue = new UploadQueue(files, () => Promise.resolve(answers.shift() ?? []));
    queue.add(report(1));
    queue.add(report(2));
    await queue.flush();
    expect(queue.size).toBe(1);
  });
});

const checksums = (changed: Partial<Checksums> = {}): Checksums => ({
  areas: 'a',
  beacons: 'b',
  connections: 'c',
  merchants: 'm',
  global: 'g',
  ...changed,
});

const record = (id: string, more: object = {}): Record<string, unknown> => {
  const plain = { id, ...more };
  return { ...plain, checksum: recordChecksum(plain) };
};

describe('the map in an orchestrator', () => {
  it('ORC-035 mends one collection that differs by a delta and several by a full sync', () => {
    expect(remedyFor(checksums(), checksums())).toBe('none');
    expect(remedyFor(checksums({ areas: 'x' }), checksums())).toBe('delta');
    expect(remedyFor(checksums({ areas: 'x', beacons: 'y' }), checksums())).toBe('full');
  });

  it('follows changes, and its checksums say so', () => {
    const [cache, other] = [new RecordCache(), new RecordCache()];
    cache.replace({ areas: [record('area-1'), record('area-2')] });
    cache.apply({ type: 'area', operation: 'update', id: 'area-1', data: record('area-1', { name: 'new' }) });
    cache.apply({ type: 'area', operation: 'delete', id: 'area-2' });
    cache.apply({ type: 'planet', operation: 'create', id: 'p', data: record('p') });
    other.replace({ areas: [record('area-1', { name: 'new' })] });
    expect(cache.checksums()).toEqual(other.checksums());
    expect(cache.count).toBe(1);
  });

  it('refuses a record that is not the one of its checksum', () => {
    const damaged = { ...record('area-1'), name: 'altered' };
    expect(() => new RecordCache().replace({ areas: [damaged] })).toThrow('came damaged');
  });
});
