import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { MAX_REPLY_BYTES, type SampleDto, type SampleQuery } from '#libs/contracts';
import { connectDataSource, migrateSchema } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { BucketRepository } from './bucket.repository.js';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { CreateTelemetry0001 } from './migrations/0001-telemetry.js';
import { daysOf } from './partition.calendar.js';
import { PartitionRepository } from './partition.repository.js';
import { sampleIdOf } from './sample.id.js';
import { type NewSample, SampleRepository } from './sample.repository.js';
import { TelemetryResponder } from './telemetry.responder.js';

const START_MS = Date.parse('2026-11-20T23:50:00Z');
const MINUTE_MS = 60_000;
const HOUR = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + 60 * MINUTE_MS).toISOString() };
let database: TestDatabase;
let dataSource: DataSource;
let responder: TelemetryResponder;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
  await migrateSchema(dataSource, { schema: 'telemetry', migrations: [CreateTelemetry0001] });
  responder = new TelemetryResponder(
    new SampleRepository(dataSource),
    new LatestSampleRepository(dataSource),
    new BucketRepository(dataSource),
  );
});

afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

function sample(sequence: number, offsetMs: number, payload: unknown, robotId = 'RB-1'): NewSample {
  const text = JSON.stringify({ type: 'telemetry', robotId, messageId: `m-${sequence}`, payload });
  return withText(sequence, offsetMs, text, robotId);
}

function withText(sequence: number, offsetMs: number, text: string, robotId = 'RB-1'): NewSample {
  const at = new Date(START_MS + offsetMs);
  const sampleId = sampleIdOf({ epochMs: 1_700_000_000_000, sequence });
  return { sampleId, robotId, text, receivedAt: at, sentAtMs: at.getTime() };
}

async function insert(samples: readonly NewSample[]): Promise<void> {
  await new PartitionRepository(dataSource).ensure(daysOf(samples.map(({ receivedAt }) => receivedAt)));
  await new SampleRepository(dataSource).insert(samples, 0);
}

const rangeOf = (query: Partial<SampleQuery> = {}): SampleQuery => ({
  robotId: 'RB-1',
  ...HOUR,
  limit: 100,
  order: 'asc',
  ...query,
});

/** Every page to the end; `between` runs after each. */
async function walk(query: SampleQuery, between = async (): Promise<void> => undefined): Promise<SampleDto[]> {
  const found: SampleDto[] = [];
  for (let after: string | undefined; ;) {
    const page = await responder.range({ ...query, ...(after ? { after } : {}) });
    found.push(...page.samples);
    await between();
    if (page.next === null) return found;
    after = page.next;
  }
}

const numbersOf = (samples: readonly SampleDto[]): unknown[] => samples.map(({ payload }) => payload['n']);

describe('a range of samples', () => {
  it('is half-open, of one robot, and ends with null', async () => {
    await insert([
      sample(1, -1, { n: 'before' }),
      sample(2, 0, { n: 'first' }),
      sample(3, 5, { n: 'other' }, 'RB-2'),
      sample(4, 60 * MINUTE_MS - 1, { n: 'last' }),
      sample(5, 60 * MINUTE_MS, { n: 'after' }),
    ]);
    const page = await responder.range(rangeOf());
    expect(numbersOf(page.samples)).toEqual(['first', 'last']);
    expect(page.next).toBeNull();
    expect(page.samples[0]).toEqual({
      robotId: 'RB-1',
      receivedAt: HOUR.from,
      sentAt: HOUR.from,
      payload: { n: 'first' },
      sampleId: '018bcfe5-6800-8000-8000-000000000002',
      messageId: 'm-2',
    });
  });

  it.each(['asc', 'desc'] as const)(
    'pages %s over midnight and equal instants without hole or repeat',
    async (order) => {
      const samples = Array.from({ length: 250 }, (_, n) => sample(n + 1, Math.floor(n / 7) * 20_000, { n }));
      await insert(samples.toReversed());
      const all = numbersOf(await walk(rangeOf({ order, limit: 13 })));
      const expected = samples.map((_, n) => n);
      expect(all).toEqual(order === 'asc' ? expected : expected.toReversed());
    },
  );

  it.each(['asc', 'desc'] as const)('pages %s hold what was there at the start while others insert', async (order) => {
    const first = Array.from({ length: 200 }, (_, n) => sample(2 * n + 1, n * 1_000, { n }));
    await insert(first);
    let sequence = 10_000;
    const between = async (): Promise<void> => {
      const offsets = [0, 50_500, 100_500, 199_500];
      await insert(offsets.map((offset) => sample(sequence++, offset, { isNew: true })));
    };
    const found = await walk(rangeOf({ order, limit: 17 }), between);
    const ids = found.map(({ sampleId }) => sampleId);
    expect(new Set(ids).size).toBe(ids.length);
    const old = numbersOf(found.filter(({ payload }) => payload['isNew'] !== true));
    expect(order === 'asc' ? old : old.toReversed()).toEqual(first.map((_, n) => n));
  });

  it('keeps a page under the reply limit, and always goes on', async () => {
    const text = 'ü'.repeat(MAX_REPLY_BYTES / 8);
    await insert(Array.from({ length: 9 }, (_, n) => sample(n + 1, n * 1_000, { n, text })));
    await insert([sample(10, 10_000, { n: 9, text: 'x'.repeat(2 * MAX_REPLY_BYTES) }), sample(11, 11_000, { n: 10 })]);
    const sizes: number[] = [];
    for (let after: string | undefined; sizes.length < 20;) {
      const page = await responder.range(rangeOf(after ? { after } : {}));
      sizes.push(page.samples.length);
      const bytes = Buffer.byteLength(JSON.stringify(page));
      expect(bytes < MAX_REPLY_BYTES || page.samples.length === 1).toBe(true);
      if (page.next === null) break;
      after = page.next;
    }
    expect(sizes).toEqual([3, 3, 3, 1, 1]);
  });

  it('refuses a cursor that it did not give', async () => {
    await expect(responder.range(rangeOf({ after: 'x' }))).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('finds the newest of a month of partitions in under 5 ms', async () => {
    const days = Array.from({ length: 30 }, (_, n) => sample(n + 1, -n * 24 * 60 * MINUTE_MS, { n }));
    await insert(days);
    await responder.latest({ robotId: 'RB-1' });
    const times: number[] = [];
    for (let n = 0; n < 20; n++) {
      const startedAt = performance.now();
      expect((await responder.latest({ robotId: 'RB-1' })).payload).toEqual({ n: 0 });
      times.push(performance.now() - startedAt);
    }
    expect(Math.min(...times)).toBeLessThan(5);
  });
});

describe('buckets', () => {
  const MIXED = [
    sample(1, 0, { battery: 80, position: { x: 1 } }),
    sample(2, 10_000, { battery: 70, position: { x: '2' } }),
    sample(3, 10_000, { battery: 75 }),
    sample(4, 20_000, { battery: null, position: { x: 4 } }),
    sample(5, 3 * MINUTE_MS, { battery: -1.5, position: [] }),
    sample(6, 4 * MINUTE_MS, { battery: true }),
  ];
  const FIELDS = ['battery', 'position.x'];

  it.each([
    ['avg', [75, 2.5], [-1.5, null], [null, null]],
    ['min', [70, 1], [-1.5, null], [null, null]],
    ['max', [80, 4], [-1.5, null], [null, null]],
    ['last', [75, 4], [-1.5, null], [null, null]],
    ['count', [3, 2], [1, 0], [0, 0]],
  ] as const)('%s matches what the hand computes, and only numbers count', async (aggregate, ...expected) => {
    await insert([...MIXED, sample(7, 0, { battery: 1 }, 'RB-2')]);
    const query = { robotId: 'RB-1', ...HOUR, bucketMs: MINUTE_MS, aggregate, fields: FIELDS };
    const { buckets } = await responder.bucketsOf(query);
    const minutes = [0, 3, 4];
    expect(buckets).toEqual(
      expected.map(([battery, x], index) => ({
        bucketStart: new Date(START_MS + minutes[index]! * MINUTE_MS).toISOString(),
        count: index === 0 ? 4 : 1,
        values: { battery, 'position.x': x },
      })),
    );
  });

  it('are aligned to round times whatever the interval starts with', async () => {
    await insert([sample(1, 12_345, { v: 1 })]);
    const from = new Date(START_MS + 12_000).toISOString();
    const query = {
      robotId: 'RB-1',
      from,
      to: HOUR.to,
      bucketMs: 5 * MINUTE_MS,
      aggregate: 'avg',
      fields: ['v'],
    } as const;
    expect((await responder.bucketsOf(query)).buckets.map(({ bucketStart }) => bucketStart)).toEqual([HOUR.from]);
  });

  it.each(['avg', 'min', 'max', 'last', 'count'] as const)(
    '%s outlives numbers that no double holds',
    async (aggregate) => {
      const values = ['1e400', '-1e400', '1e-400', '1.7e308', '1.7e308', '5'];
      await insert(
        values.map((value, n) => withText(n + 1, n, `{"robotId":"RB-1","messageId":"m","payload":{"v":${value}}}`)),
      );
      const query = { robotId: 'RB-1', ...HOUR, bucketMs: MINUTE_MS, aggregate, fields: ['v'] };
      const value = (await responder.bucketsOf(query)).buckets[0]!.values['v'];
      expect(value).toBeCloseTo({ avg: 8.5e307, min: 0, max: 1.7e308, last: 5, count: 4 }[aggregate], 5);
    },
  );

  it('takes the path as it is, whatever it is', async () => {
    const odd = `"'); DROP TABLE x; --{}\\,`;
    await insert([sample(1, 0, { [odd]: 7, list: [1, { rpm: 9 }], __proto__x: 3 })]);
    const fields = [odd, 'list.1.rpm', '__proto__', 'constructor'];
    const query = { robotId: 'RB-1', ...HOUR, bucketMs: MINUTE_MS, aggregate: 'max', fields } as const;
    const [bucket] = (await responder.bucketsOf(query)).buckets;
    expect(Object.entries(bucket!.values)).toEqual([
      [odd, 7],
      ['list.1.rpm', 9],
      ['__proto__', null],
      ['constructor', null],
    ]);
  });
});
