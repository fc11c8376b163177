import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MALL_EVENTS, mallEventSubject } from '#libs/contracts';
import { Outbox } from '#libs/outbox';
import { enqueue } from '../../beacons.outbox.js';
import type { DeviceKey } from '../device.row.js';

/** Ends what devices had that are no more. Access logs and reports stay as long as any; a repeat finds nothing. */
@Injectable()
export class RemovalRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

  /** Answers whether there was one. */
  async removeDevice({ entityId, beaconId }: DeviceKey): Promise<boolean> {
    const isRemoved = await this.dataSource.transaction(async (tx) => {
      const gone = await tx.query<readonly { deviceId: string; createdAt: Date }[]>(REMOVE_DEVICE, [
        entityId,
        beaconId,
      ]);
      const { event } = MALL_EVENTS.beaconRemoved;
      await enqueue(
        tx,
        gone.map(({ deviceId, createdAt }) => ({
          subject: mallEventSubject(entityId, event),
          messageId: `${entityId}/${beaconId}:${event}:${String(createdAt.getTime())}`,
          body: { entity_id: entityId, beacon_id: beaconId, device_id: deviceId },
        })),
      );
      return gone.length > 0;
    });
    this.outbox.kick();
    return isRemoved;
  }

  /** What an entity had before an instant: its devices, its questions for access logs, and what it keeps of firmware. */
  forgetEntity(entityId: string, before: Date): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      for (const statement of FORGET_ENTITY) await tx.query(statement, [entityId, before]);
    });
  }
}

/** Removes devices with their commands, updates and places in rollouts, and has their tokens revoked. */
const removing = (devices: string): string => `
  WITH gone AS (
    DELETE FROM "beacons"."devices" WHERE ${devices} RETURNING "entityId", "beaconId", "deviceId", "grantId", "createdAt"),
  places AS (
    DELETE FROM "beacons"."rollout_devices" d USING gone
    WHERE d."entityId" = gone."entityId" AND d."beaconId" = gone."beaconId"
      AND d."state" IN ('waiting', 'offered', 'updating')),
  attempts AS (
    DELETE FROM "beacons"."firmware_attempts" a USING gone
    WHERE a."entityId" = gone."entityId" AND a."beaconId" = gone."beaconId"),
  grants AS (
    INSERT INTO "beacons"."ended_grants" ("grantId")
    SELECT "grantId" FROM gone WHERE "grantId" IS NOT NULL ON CONFLICT DO NOTHING)
  SELECT "deviceId", "createdAt" FROM gone`;

const REMOVE_DEVICE = removing(`"entityId" = $1 AND "beaconId" = $2`);

const FORGET_ENTITY = [
  removing(`"entityId" = $1 AND "createdAt" < $2`),
  `DELETE FROM "beacons"."access_log_requests" WHERE "entityId" = $1 AND "createdAt" < $2`,
  `UPDATE "beacons"."firmware_caches" SET "expiresAt" = now() WHERE "entityId" = $1 AND "createdAt" < $2`,
] as const;
