import { request } from '../requests.js';
import type {
  RolloutDevicePage,
  RolloutDeviceState,
  RolloutDryRunDto,
  RolloutDto,
  RolloutPage,
  RolloutRequest,
  RolloutStatus,
} from './rollouts.dto.js';

interface OfRollout {
  readonly rollout_id: string;
}
interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** What a person does to a rollout; `force` goes on although the success threshold was missed. */
export type RolloutAction =
  { readonly kind: 'pause' | 'abort' | 'retry' | 'rollback' } | { readonly kind: 'resume'; readonly force: boolean };

export const ROLLOUTS_REQUESTS = {
  create: request<{ request: RolloutRequest; by: string; idempotencyKey?: string }, RolloutDto>(
    'rpc.beacons.rollouts.create',
  ),
  dryRun: request<{ request: RolloutRequest }, RolloutDryRunDto>('rpc.beacons.rollouts.dry-run'),
  /** Newest first. */
  list: request<Paging & { status?: RolloutStatus; firmware_id?: string }, RolloutPage>('rpc.beacons.rollouts.list'),
  get: request<OfRollout, RolloutDto>('rpc.beacons.rollouts.get'),
  devices: request<OfRollout & Paging & { group?: number; state?: RolloutDeviceState }, RolloutDevicePage>(
    'rpc.beacons.rollouts.devices',
  ),
  act: request<OfRollout & { action: RolloutAction; by: string }, RolloutDto>('rpc.beacons.rollouts.act'),
} as const;
