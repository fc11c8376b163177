import { SamplingPolicy } from './sampling.policy.js';

const sample = (sequence: number, atMs: number, robotId = 'RB-1') => ({
  sampleId: `s${sequence}`,
  robotId,
  receivedAt: new Date(atMs),
});

it('keeps everything when no interval is set', () => {
  const samples = [sample(1, 0), sample(2, 0)];
  expect(new SamplingPolicy(0).thin(samples)).toBe(samples);
});

it('ROB-024 keeps the first sample of a robot in each interval, also across batches', () => {
  const policy = new SamplingPolicy(1_000);
  const tenHertz = Array.from({ length: 100 }, (_, index) => sample(index, index * 100));
  const kept = [...policy.thin(tenHertz.slice(0, 37)), ...policy.thin(tenHertz.slice(37))];
  expect(kept.map(({ sampleId }) => sampleId)).toEqual(Array.from({ length: 10 }, (_, index) => `s${index * 10}`));
});

it('thins each robot by itself', () => {
  const policy = new SamplingPolicy(1_000);
  expect(policy.thin([sample(1, 10, 'RB-1'), sample(2, 20, 'RB-2'), sample(3, 30, 'RB-1')])).toHaveLength(2);
});

it('keeps a sample again whose first try was not stored', () => {
  const policy = new SamplingPolicy(1_000);
  const first = sample(1, 10);
  policy.thin([first]);
  expect(policy.thin([first, sample(2, 20)])).toEqual([first]);
});

it('leaves late samples to the database', () => {
  const policy = new SamplingPolicy(1_000);
  policy.thin([sample(9, 9_000)]);
  expect(policy.thin([sample(3, 3_000)])).toHaveLength(1);
});
