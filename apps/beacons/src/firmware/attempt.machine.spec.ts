import fc from 'fast-check';
import { FIRMWARE_STATUSES, type FirmwareStatus } from '#libs/contracts';
import { attemptAfter, type Attempt } from './attempt.machine.js';

type Said = readonly [status: FirmwareStatus, atMs: number];

function after(...reports: readonly Said[]): Attempt | undefined {
  return reports.reduce<Attempt | undefined>(
    (now, [status, atMs]) => attemptAfter(now, { status, atMs }) ?? now,
    undefined,
  );
}

const WAY: readonly Said[] = [
  ['downloading', 1],
  ['verifying', 2],
  ['installing', 3],
  ['success', 4],
];

it('ORC-048 goes through its statuses to success', () => {
  expect(after(...WAY)).toEqual({ number: 1, status: 'success', atMs: 4 });
});

it('ends the same whatever the order in which the reports of one attempt come, and however often', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...WAY, ...WAY], { minLength: 8 }),
      fc.constantFrom<Said>(['rolled_back', 5], ['success', 4]),
      (reports, last) => {
        expect(after(...reports, last)).toMatchObject({ number: 1, status: last[0] });
        expect(after(last, ...reports)).toMatchObject({ number: 1, status: last[0] });
      },
    ),
  );
});

it.each<[string, readonly Said[], Partial<Attempt>]>([
  ['is taken back after success', [...WAY, ['rolled_back', 9]], { number: 1, status: 'rolled_back' }],
  [
    'is taken back after a failure',
    [
      ['failed', 4],
      ['rolled_back', 5],
    ],
    { number: 1, status: 'rolled_back' },
  ],
  [
    'does not hear of the success that was taken back',
    [
      ['rolled_back', 5],
      ['success', 4],
    ],
    { number: 1, status: 'rolled_back' },
  ],
  [
    'begins anew after a failure',
    [
      ['failed', 4],
      ['downloading', 5],
    ],
    { number: 2, status: 'downloading' },
  ],
  [
    'begins anew when it was taken back',
    [
      ['rolled_back', 5],
      ['downloading', 6],
    ],
    { number: 2, status: 'downloading' },
  ],
  [
    'begins anew when the download does',
    [
      ['installing', 3],
      ['downloading', 9],
    ],
    { number: 2, status: 'downloading' },
  ],
  [
    'fails again',
    [
      ['failed', 4],
      ['failed', 9],
    ],
    { number: 2, status: 'failed' },
  ],
  [
    'does not fail again by a report that is repeated',
    [
      ['failed', 4],
      ['failed', 4],
    ],
    { number: 1, status: 'failed' },
  ],
  [
    'succeeds after a failure',
    [
      ['failed', 4],
      ['success', 9],
    ],
    { number: 2, status: 'success' },
  ],
  ['has succeeded once, however often it says so', [...WAY, ['success', 9]], { number: 1, status: 'success' }],
  [
    'does not hear of the taking back of an older attempt',
    [
      ['failed', 1],
      ['success', 9],
      ['rolled_back', 2],
    ],
    { number: 2, status: 'success' },
  ],
])('an attempt %s', (_what, reports, expected) => {
  expect(after(...reports)).toMatchObject(expected);
});

it('never goes back within an attempt, and never loses one', () => {
  const order = ['downloading', 'verifying', 'installing', 'success', 'failed', 'rolled_back'];
  const said = fc.tuple(fc.constantFrom(...FIRMWARE_STATUSES), fc.nat(20));
  fc.assert(
    fc.property(fc.array(said, { maxLength: 30 }), (reports) => {
      let now: Attempt | undefined;
      for (const [status, atMs] of reports) {
        const next = attemptAfter(now, { status, atMs });
        if (now && next?.number === now.number)
          expect(order.indexOf(next.status)).toBeGreaterThan(order.indexOf(now.status));
        if (now && next) expect(next.number - now.number).toBeLessThanOrEqual(1);
        if (now && next && next.number > now.number) expect(next.atMs).toBeGreaterThan(now.atMs);
        now = next ?? now;
      }
    }),
  );
});
