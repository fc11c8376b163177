import fc from 'fast-check';
import {
  deviceAfter,
  type DeviceEvent,
  type DeviceReport,
  isOfferable,
  isOpen,
  NEW_DEVICE,
  type RolloutDevice,
  SILENT,
} from './device.machine.js';
import type { DevicePlan } from './rollout.plan.js';

const PLAN: DevicePlan = { deadlineMs: 1_000, maxRetries: 2, backoffMs: 100, retriedErrors: ['download_failed'] };

const after = (device: RolloutDevice, ...events: readonly DeviceEvent[]): RolloutDevice =>
  events.reduce((now, event) => deviceAfter(now, event, PLAN), device);
const says = (report: DeviceReport, atMs = 0, error: string | null = null): DeviceEvent => ({
  kind: 'reported',
  report,
  error,
  atMs,
});
const OFFERED = after(NEW_DEVICE, { kind: 'opened', atMs: 0 }, { kind: 'offered', atMs: 0 });

describe('a device of a rollout', () => {
  it('ORC-047 goes from the offer through its phases to success', () => {
    const updating = after(OFFERED, says('downloading', 10), says('verifying', 20), says('installing', 30));
    expect(updating).toMatchObject({ state: 'updating', phase: 3, attempts: 1, dueAtMs: 1_030 });
    expect(after(updating, says('success', 40))).toMatchObject({ state: 'succeeded', error: null });
  });

  it('counts silence as a failure, also of a device that never took the offer', () => {
    const opened = after(NEW_DEVICE, { kind: 'opened', atMs: 0 });
    expect(after(opened, { kind: 'clock', atMs: 999 }).state).toBe('waiting');
    expect(after(opened, { kind: 'clock', atMs: 1_000 })).toMatchObject({ state: 'failed', error: SILENT });
    expect(after(OFFERED, says('downloading', 900), { kind: 'clock', atMs: 1_000 }).state).toBe('updating');
    expect(after(OFFERED, says('downloading', 900), { kind: 'clock', atMs: 1_900 }).state).toBe('failed');
  });

  it('does not gain time by saying the same again', () => {
    const repeating = after(OFFERED, says('downloading', 100), says('downloading', 900), says('downloading', 1_050));
    expect(after(repeating, { kind: 'clock', atMs: 1_100 }).state).toBe('failed');
  });

  it('is tried again with a growing pause after failures that are worth it, and then has failed', () => {
    const once = after(OFFERED, says('failed', 0, 'download_failed'));
    expect(once).toMatchObject({ state: 'waiting', notBeforeMs: 100, dueAtMs: 1_100 });
    expect([isOfferable(once, 99), isOfferable(once, 100)]).toEqual([false, true]);
    const twice = after(once, { kind: 'offered', atMs: 100 }, says('failed', 100, 'download_failed'));
    expect(twice).toMatchObject({ state: 'waiting', notBeforeMs: 300, attempts: 2 });
    const thrice = after(twice, { kind: 'offered', atMs: 300 }, says('failed', 300, 'download_failed'));
    expect(thrice).toMatchObject({ state: 'failed', error: 'download_failed', attempts: 3 });
    expect(after(OFFERED, says('failed', 0, 'insufficient_space')).state).toBe('failed');
  });

  it('takes a repeated report for the one that it repeats', () => {
    const once = after(OFFERED, says('failed', 0, 'download_failed'));
    expect(after(once, says('failed', 0, 'download_failed'))).toEqual(once);
  });

  it('ORC-050 has failed when its update was taken back, however well it looked', () => {
    const succeeded = after(OFFERED, says('success'));
    expect(after(succeeded, says('rolled_back', 5, 'boot_failed'))).toMatchObject({
      state: 'rolled_back',
      error: 'boot_failed',
    });
    expect(after(succeeded, says('downloading'), says('failed', 1, 'download_failed'))).toEqual(succeeded);
  });

  it('has succeeded when it says so after its deadline', () => {
    const silent = after(OFFERED, { kind: 'clock', atMs: 5_000 });
    expect(after(silent, says('success', 6_000)).state).toBe('succeeded');
  });

  it('waits anew when a person wants another try', () => {
    const failed = after(OFFERED, says('failed', 0, 'insufficient_space'), { kind: 'retried', atMs: 50 });
    expect(failed).toMatchObject({ state: 'waiting', attempts: 0, dueAtMs: 1_050 });
  });

  it('ends whatever it says, as long as the clock goes on', () => {
    const report = fc.constantFrom<DeviceReport>(
      'downloading',
      'verifying',
      'installing',
      'failed',
      'success',
      'rolled_back',
    );
    const error = fc.constantFrom(null, 'download_failed', 'boot_failed');
    const said = fc.record({ report, error, offer: fc.boolean(), waitMs: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(said, { minLength: 120, maxLength: 120 }), (story) => {
        let device = after(NEW_DEVICE, { kind: 'opened', atMs: 0 });
        let atMs = 0;
        let openUntilMs = 0;
        for (const { report: what, error: why, offer, waitMs } of story) {
          atMs += waitMs + 100;
          device = after(device, { kind: 'clock', atMs });
          if (isOpen(device)) openUntilMs = atMs;
          if (offer) device = after(device, { kind: 'offered', atMs });
          device = after(device, says(what, atMs, why));
        }
        // Three tries of four deadlines each, and the pauses between them.
        expect(openUntilMs).toBeLessThan(3 * 4 * 1_000 + 400 + 1_000);
        expect(device.attempts).toBeLessThanOrEqual(3);
      }),
    );
  });
});
