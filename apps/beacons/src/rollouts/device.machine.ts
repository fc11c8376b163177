import type { RolloutDeviceState } from '#libs/contracts';
import type { DevicePlan } from './rollout.plan.js';

/** One device of a rollout. */
export interface RolloutDevice {
  readonly state: RolloutDeviceState;
  /** How often it was offered the firmware. */
  readonly attempts: number;
  /** How far the present try has come: 0 before it began, then downloading, verifying, installing. */
  readonly phase: number;
  /** Not offered again before this; null where nothing holds it back. */
  readonly notBeforeMs: number | null;
  /** Silent until then, it has failed; null while its group has not started. */
  readonly dueAtMs: number | null;
  /** Of the last failure. */
  readonly error: string | null;
}

export type DeviceReport = 'downloading' | 'verifying' | 'installing' | 'success' | 'failed' | 'rolled_back';

export type DeviceEvent =
  /** Its group has started, or it came into a group that had. */
  | { readonly kind: 'opened'; readonly atMs: number }
  | { readonly kind: 'offered'; readonly atMs: number }
  | { readonly kind: 'reported'; readonly report: DeviceReport; readonly error: string | null; readonly atMs: number }
  | { readonly kind: 'clock'; readonly atMs: number }
  /** A person wants failed devices to be tried again. */
  | { readonly kind: 'retried'; readonly atMs: number };

export const NEW_DEVICE: RolloutDevice = {
  state: 'waiting',
  attempts: 0,
  phase: 0,
  notBeforeMs: null,
  dueAtMs: null,
  error: null,
};

/** Error of a device that let its deadline pass. */
export const SILENT = 'silent';

const PHASES: Readonly<Partial<Record<DeviceReport, number>>> = { downloading: 1, verifying: 2, installing: 3 };
const OPEN: readonly RolloutDeviceState[] = ['waiting', 'offered', 'updating'];

export const isOpen = ({ state }: RolloutDevice): boolean => OPEN.includes(state);

/** Whether the device may be offered the firmware now, for the first time or again. */
export function isOfferable({ state, notBeforeMs }: RolloutDevice, atMs: number): boolean {
  if (state === 'offered' || state === 'updating') return true;
  return state === 'waiting' && (notBeforeMs ?? 0) <= atMs;
}

/**
 * A device after an event; the same object where nothing changes. What a device says of itself counts also late: a success
 * after its deadline is a success, and an update that was taken back is a failure however long it looked well.
 */
export function deviceAfter(device: RolloutDevice, event: DeviceEvent, plan: DevicePlan): RolloutDevice {
  switch (event.kind) {
    case 'opened':
      return device.dueAtMs === null ? { ...device, dueAtMs: event.atMs + plan.deadlineMs } : device;
    case 'offered':
      return device.state === 'waiting' && isOfferable(device, event.atMs) ? offered(device, event.atMs, plan) : device;
    case 'reported':
      return reported(device, event, plan);
    case 'clock':
      return isOpen(device) && device.dueAtMs !== null && device.dueAtMs <= event.atMs
        ? { ...device, state: 'failed', error: SILENT }
        : device;
    case 'retried':
      return device.state === 'failed' || device.state === 'rolled_back'
        ? { ...NEW_DEVICE, dueAtMs: event.atMs + plan.deadlineMs, error: device.error }
        : device;
  }
}

function offered(device: RolloutDevice, atMs: number, plan: DevicePlan): RolloutDevice {
  const { attempts } = device;
  return { ...device, state: 'offered', attempts: attempts + 1, phase: 0, dueAtMs: atMs + plan.deadlineMs };
}

function reported(
  device: RolloutDevice,
  { report, error, atMs }: Extract<DeviceEvent, { kind: 'reported' }>,
  plan: DevicePlan,
): RolloutDevice {
  if (report === 'success')
    return device.state === 'rolled_back' ? device : { ...device, state: 'succeeded', error: null };
  if (report === 'rolled_back') return { ...device, state: 'rolled_back', error: error ?? device.error };
  if (!isOpen(device)) return device;
  return report === 'failed' ? failed(device, error, atMs, plan) : advanced(device, PHASES[report] ?? 0, atMs, plan);
}

/** Only a new phase begins the deadline anew: a device that repeats itself for ever still ends. */
function advanced(device: RolloutDevice, phase: number, atMs: number, plan: DevicePlan): RolloutDevice {
  const attempts = Math.max(1, device.attempts);
  if (phase <= device.phase) return device.state === 'updating' ? device : { ...device, state: 'updating', attempts };
  return { ...device, state: 'updating', attempts, phase, dueAtMs: atMs + plan.deadlineMs };
}

function failed(device: RolloutDevice, error: string | null, atMs: number, plan: DevicePlan): RolloutDevice {
  // A repeat of the report that is already counted.
  if (device.state === 'waiting' && device.attempts > 0) return device;
  const attempts = Math.max(1, device.attempts);
  if (attempts > plan.maxRetries || !plan.retriedErrors.includes(error ?? '')) {
    return { ...device, state: 'failed', attempts, error };
  }
  const notBeforeMs = atMs + plan.backoffMs * 2 ** (attempts - 1);
  return { state: 'waiting', attempts, phase: 0, notBeforeMs, dueAtMs: notBeforeMs + plan.deadlineMs, error };
}
