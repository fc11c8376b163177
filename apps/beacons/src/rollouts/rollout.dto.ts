import type { RolloutDeviceDto, RolloutDeviceState, RolloutDto, RolloutGroupDto } from '#libs/contracts';
import type { RolloutDeviceRow } from './rollout-device.repository.js';
import type { Rollout, StateCount } from './rollout.repository.js';

/** A rollout with its groups; `counts` may be of other rollouts as well. */
export function toRolloutDto(rollout: Rollout, counts: readonly StateCount[]): RolloutDto {
  const { rolloutId, firmwareId, status, reason, planJson, activeGroup, createdBy, finishedAt } = rollout;
  const own = counts.filter((count) => count.rolloutId === rolloutId);
  return {
    rollout_id: rolloutId,
    firmware_id: firmwareId,
    status,
    reason,
    plan: planJson,
    active_group: status === 'preparing' ? 0 : activeGroup + 1,
    groups: planJson.groups.map((percent, group) => toGroup(rollout, group, percent, own)),
    created_by: createdBy,
    created_at: rollout.createdAt.toISOString(),
    updated_at: rollout.updatedAt.toISOString(),
    finished_at: finishedAt?.toISOString() ?? null,
  };
}

function toGroup(rollout: Rollout, group: number, percent: number, counts: readonly StateCount[]): RolloutGroupDto {
  return {
    group: group + 1,
    percent,
    state: groupState(rollout, group),
    devices: byState(counts.filter((count) => count.group === group)),
  };
}

function groupState({ status, activeGroup }: Rollout, group: number): RolloutGroupDto['state'] {
  if (status === 'preparing' || group > activeGroup) return 'waiting';
  return group < activeGroup || status === 'finished' ? 'passed' : 'running';
}

function byState(counts: readonly StateCount[]): Record<RolloutDeviceState, number> {
  const devices = { waiting: 0, offered: 0, updating: 0, succeeded: 0, failed: 0, rolled_back: 0 };
  for (const { state, count } of counts) devices[state] = count;
  return devices;
}

export function toRolloutDeviceDto(row: RolloutDeviceRow): RolloutDeviceDto {
  const { entityId, beaconId, group, state, attempts, error, previousVersion, updatedAt } = row;
  return {
    entity_id: entityId,
    beacon_id: beaconId,
    group: group === null ? 0 : group + 1,
    state,
    attempts,
    error,
    previous_version: previousVersion,
    updated_at: updatedAt.toISOString(),
  };
}
