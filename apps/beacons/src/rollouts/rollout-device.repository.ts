import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RolloutDeviceState } from '#libs/contracts';
import { unnest } from '#libs/database';
import type { RolloutDevice } from './device.machine.js';
import type { DevicePlace } from './rollout.repository.js';

/** A device of a rollout as it is stored; its group counts from 0 and is null until the rollout is prepared. */
export interface RolloutDeviceRow extends DevicePlace {
  readonly rolloutId: string;
  readonly group: number | null;
  readonly state: RolloutDeviceState;
  readonly attempts: number;
  readonly phase: number;
  readonly notBefore: Date | null;
  readonly dueAt: Date | null;
  readonly error: string | null;
  readonly previousVersion: string | null;
  readonly updatedAt: Date;
}

export interface EnrolledDevice extends DevicePlace {
  readonly order: string;
  readonly group: number | null;
  readonly previousVersion: string | null;
}

export function toRolloutDevice(row: RolloutDeviceRow): RolloutDevice {
  const { state, attempts, phase, notBefore, dueAt, error } = row;
  return {
    state,
    attempts,
    phase,
    notBeforeMs: notBefore?.getTime() ?? null,
    dueAtMs: dueAt?.getTime() ?? null,
    error,
  };
}

/** Adds devices; those that are in the rollout already stay as they are. */
export async function enrolDevices(
  tx: EntityManager,
  rolloutId: string,
  devices: readonly EnrolledDevice[],
): Promise<void> {
  if (devices.length === 0) return;
  const rows = unnest(
    devices,
    {
      entityId: { type: 'text', value: (row) => row.entityId },
      beaconId: { type: 'text', value: (row) => row.beaconId },
      order: { type: 'text', value: (row) => row.order },
      group: { type: 'int4', value: (row) => row.group },
      previousVersion: { type: 'text', value: (row) => row.previousVersion },
    },
    2,
  );
  await tx.query(
    `INSERT INTO "beacons"."rollout_devices" ("rolloutId", "entityId", "beaconId", "order", "group", "previousVersion")
     SELECT $1, r."entityId", r."beaconId", r."order", r."group", r."previousVersion" FROM ${rows.sql}
     ON CONFLICT DO NOTHING`,
    [rolloutId, ...rows.parameters],
  );
}

export async function countDevices(tx: EntityManager, rolloutId: string): Promise<number> {
  const [row] = await tx.query<readonly { count: number }[]>(
    `SELECT count(*) AS "count" FROM "beacons"."rollout_devices" WHERE "rolloutId" = $1`,
    [rolloutId],
  );
  return row?.count ?? 0;
}

/** Puts every device into the group of its place in the order: the first whose cumulative size is above the place. */
export async function assignGroups(tx: EntityManager, rolloutId: string, cumulative: readonly number[]): Promise<void> {
  await tx.query(
    `UPDATE "beacons"."rollout_devices" d SET "group" = p."group"
     FROM (SELECT "entityId", "beaconId",
                  width_bucket(row_number() OVER (ORDER BY "order", "entityId", "beaconId") - 1, $2::bigint[]) AS "group"
           FROM "beacons"."rollout_devices" WHERE "rolloutId" = $1) p
     WHERE d."rolloutId" = $1 AND d."entityId" = p."entityId" AND d."beaconId" = p."beaconId"`,
    [rolloutId, cumulative],
  );
}

/** The greatest order of each of `groups` groups, null for an empty one. */
export async function lastOrdersOf(tx: EntityManager, rolloutId: string, groups: number): Promise<(string | null)[]> {
  const rows = await tx.query<readonly { group: number; last: string }[]>(
    `SELECT "group", max("order") AS "last" FROM "beacons"."rollout_devices"
     WHERE "rolloutId" = $1 AND "group" IS NOT NULL GROUP BY "group"`,
    [rolloutId],
  );
  const byGroup = new Map(rows.map(({ group, last }) => [group, last]));
  return Array.from({ length: groups }, (_, group) => byGroup.get(group) ?? null);
}

/** The event `opened` of every device of a group at once. */
export async function openGroup(tx: EntityManager, rolloutId: string, group: number, dueAt: Date): Promise<void> {
  await tx.query(
    `UPDATE "beacons"."rollout_devices" SET "dueAt" = $3 WHERE "rolloutId" = $1 AND "group" = $2 AND "dueAt" IS NULL`,
    [rolloutId, group, dueAt],
  );
}

/** Holds a device until the end of the transaction. */
export async function lockDevice(
  tx: EntityManager,
  rolloutId: string,
  { entityId, beaconId }: DevicePlace,
): Promise<RolloutDeviceRow | undefined> {
  const [row] = await tx.query<readonly RolloutDeviceRow[]>(
    `SELECT * FROM "beacons"."rollout_devices"
     WHERE "rolloutId" = $1 AND "entityId" = $2 AND "beaconId" = $3 FOR NO KEY UPDATE`,
    [rolloutId, entityId, beaconId],
  );
  return row;
}

/** Holds up to `limit` devices whose deadline has passed. */
export function lockOverdue(
  tx: EntityManager,
  rolloutId: string,
  now: Date,
  limit: number,
): Promise<readonly RolloutDeviceRow[]> {
  return tx.query<readonly RolloutDeviceRow[]>(
    `SELECT * FROM "beacons"."rollout_devices"
     WHERE "rolloutId" = $1 AND "dueAt" <= $2 AND "state" IN ('waiting', 'offered', 'updating')
     ORDER BY "dueAt" LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
    [rolloutId, now, limit],
  );
}

/** Holds the devices that failed in the groups up to `group`. */
export function lockFailed(tx: EntityManager, rolloutId: string, group: number): Promise<readonly RolloutDeviceRow[]> {
  return tx.query<readonly RolloutDeviceRow[]>(
    `SELECT * FROM "beacons"."rollout_devices"
     WHERE "rolloutId" = $1 AND "group" <= $2 AND "state" IN ('failed', 'rolled_back') FOR NO KEY UPDATE`,
    [rolloutId, group],
  );
}

/** Takes up to `limit` devices that have the firmware, or may get it any moment, to be brought back; each once. */
export function takeForReverting(
  tx: EntityManager,
  rolloutId: string,
  limit: number,
): Promise<readonly RolloutDeviceRow[]> {
  return tx
    .query<[RolloutDeviceRow[], number]>(
      `UPDATE "beacons"."rollout_devices" SET "revertedAt" = now()
       WHERE ("rolloutId", "entityId", "beaconId") IN (
         SELECT "rolloutId", "entityId", "beaconId" FROM "beacons"."rollout_devices"
         WHERE "rolloutId" = $1 AND "revertedAt" IS NULL AND "state" IN ('succeeded', 'updating')
         LIMIT $2 FOR NO KEY UPDATE)
       RETURNING *`,
      [rolloutId, limit],
    )
    .then(([rows]) => rows);
}

export async function storeDevices(
  tx: EntityManager,
  devices: readonly { readonly row: RolloutDeviceRow; readonly device: RolloutDevice }[],
): Promise<void> {
  if (devices.length === 0) return;
  const rows = unnest(devices, {
    rolloutId: { type: 'text', value: ({ row }) => row.rolloutId },
    entityId: { type: 'text', value: ({ row }) => row.entityId },
    beaconId: { type: 'text', value: ({ row }) => row.beaconId },
    state: { type: 'text', value: ({ device }) => device.state },
    attempts: { type: 'int4', value: ({ device }) => device.attempts },
    phase: { type: 'int4', value: ({ device }) => device.phase },
    notBefore: { type: 'timestamptz', value: ({ device }) => toDate(device.notBeforeMs) },
    dueAt: { type: 'timestamptz', value: ({ device }) => toDate(device.dueAtMs) },
    error: { type: 'text', value: ({ device }) => device.error },
  });
  await tx.query(
    `UPDATE "beacons"."rollout_devices" d
     SET "state" = r."state", "attempts" = r."attempts", "phase" = r."phase", "notBefore" = r."notBefore",
         "dueAt" = r."dueAt", "error" = r."error", "updatedAt" = now()
     FROM ${rows.sql}
     WHERE d."rolloutId" = r."rolloutId" AND d."entityId" = r."entityId" AND d."beaconId" = r."beaconId"`,
    [...rows.parameters],
  );
}

const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** Entities whose devices are in a rollout, at most `limit`. */
export async function entitiesOf(tx: EntityManager, rolloutId: string, limit: number): Promise<readonly string[]> {
  const rows = await tx.query<readonly { entityId: string }[]>(
    `SELECT DISTINCT "entityId" FROM "beacons"."rollout_devices" WHERE "rolloutId" = $1 ORDER BY 1 LIMIT $2`,
    [rolloutId, limit],
  );
  return rows.map(({ entityId }) => entityId);
}

/** Which devices of a rollout are meant; groups count from 0. */
export interface DeviceFilter {
  readonly group: number | null;
  readonly state: RolloutDeviceState | null;
}

@Injectable()
export class RolloutDeviceRepository {
  constructor(private readonly dataSource: DataSource) {}

  page(
    rolloutId: string,
    filter: DeviceFilter,
    after: DevicePlace | null,
    limit: number,
  ): Promise<readonly RolloutDeviceRow[]> {
    return this.dataSource.query<readonly RolloutDeviceRow[]>(
      `SELECT * FROM "beacons"."rollout_devices"
       WHERE "rolloutId" = $1 AND ($2::int IS NULL OR "group" = $2) AND ($3::text IS NULL OR "state" = $3)
         AND ($4::text IS NULL OR ("entityId", "beaconId") > ($4, $5))
       ORDER BY "entityId", "beaconId" LIMIT $6`,
      [rolloutId, filter.group, filter.state, after?.entityId ?? null, after?.beaconId ?? null, limit],
    );
  }
}
