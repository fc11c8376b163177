import { MusterError } from '#libs/contracts';
import type { DeviceKey } from './device.row.js';

export function notRegistered({ entityId, beaconId }: DeviceKey): MusterError {
  return new MusterError('BEACON_NOT_REGISTERED', `Entity "${entityId}" has no registered beacon "${beaconId}".`, {
    entity_id: entityId,
    beacon_id: beaconId,
  });
}

export function notApproved({ entityId, beaconId }: DeviceKey): MusterError {
  const message = `Beacon "${beaconId}" waits for an administrator's approval.`;
  return new MusterError('BEACON_NOT_APPROVED', message, { entity_id: entityId, beacon_id: beaconId });
}

/** The failure of one field of a body that only the service can judge. */
export function invalidField(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
