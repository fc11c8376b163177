import type { EntityManager } from 'typeorm';
import { mallEventSubject, MALL_EVENTS } from '#libs/contracts';
import { enqueue } from '../beacons.outbox.js';
import { notRegistered } from './device.errors.js';
import { type DeviceKey, type DeviceRow, toDeviceDto } from './device.row.js';

/**
 * Holds a beacon's row until the end of the transaction: whoever tells of its firmware does it one after the other.
 * @throws MusterError `BEACON_NOT_REGISTERED`
 */
export async function lockBeacon(tx: EntityManager, { entityId, beaconId }: DeviceKey): Promise<DeviceRow> {
  const [row] = await tx.query<readonly DeviceRow[]>(
    `SELECT * FROM "beacons"."devices" WHERE "entityId" = $1 AND "beaconId" = $2 FOR NO KEY UPDATE`,
    [entityId, beaconId],
  );
  if (!row) throw notRegistered({ entityId, beaconId });
  return row;
}

/** What a held beacon runs now, and tells who watches; silent when it is what it ran before. */
export async function setFirmwareVersion(tx: EntityManager, row: DeviceRow, version: string): Promise<void> {
  if (row.firmwareVersion === version) return;
  const { entityId, beaconId } = row;
  const [clock] = await tx.query<readonly { now: Date }[]>(
    `SELECT date_trunc('milliseconds', clock_timestamp()) AS "now"`,
  );
  const updatedAt = clock?.now ?? new Date();
  await tx.query(
    `UPDATE "beacons"."devices" SET "firmwareVersion" = $3, "updatedAt" = $4 WHERE "entityId" = $1 AND "beaconId" = $2`,
    [entityId, beaconId, version, updatedAt],
  );
  const { event } = MALL_EVENTS.beaconUpdated;
  const messageId = `${entityId}/${beaconId}:${event}:${updatedAt.getTime()}:${version}`;
  const body = toDeviceDto({ ...row, firmwareVersion: version, updatedAt });
  await enqueue(tx, [{ subject: mallEventSubject(entityId, event), messageId, body }]);
}
