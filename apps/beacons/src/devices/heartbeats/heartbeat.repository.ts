import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { unnest } from '#libs/database';
import { enqueue } from '../../beacons.outbox.js';
import { takeCommands, type TakenCommands, type WaitingCommand } from './command.taking.js';
import { notApproved, notRegistered } from '../device.errors.js';
import { byBeacon, type DeviceKey, type DeviceRow, keyOf } from '../device.row.js';
import { afterHeartbeats, type Arrival, isReadingAlone, type Vitals } from './heartbeat.policy.js';
import { presenceEvent } from '../presence/presence.policy.js';

/** What a beacon is answered, offers aside. */
export interface HeartbeatOutcome {
  readonly row: DeviceRow;
  readonly commands: readonly WaitingCommand[];
  /** Whether the platform has an event to tell. */
  readonly isBack: boolean;
}

/** Takes heartbeats, many at once. */
@Injectable()
export class HeartbeatRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One outcome per heartbeat, in order: a failure is that beacon's alone. */
  store(arrivals: readonly Arrival[]): Promise<readonly (HeartbeatOutcome | Error)[]> {
    return this.dataSource.transaction(async (tx) => {
      const rows = new Map((await lockDevices(tx, arrivals)).map((row) => [keyOf(row), row]));
      const accepted = arrivals.filter((arrival) => rows.get(keyOf(arrival))?.approved === true);
      const vitals = vitalsOf(rows, accepted);
      await storeVitals(tx, [...vitals.values()]);
      const commands = await takeCommands(tx, accepted);
      await tellReturns(tx, rows, vitals);
      if (isRepeatable({ rows, vitals, commands })) await skipFlush(tx);
      return arrivals.map((arrival) => outcomeOf(arrival, { rows, vitals, commands }));
    });
  }
}

interface Taken {
  readonly rows: ReadonlyMap<string, DeviceRow>;
  readonly vitals: ReadonlyMap<string, Vitals>;
  readonly commands: TakenCommands;
}

function outcomeOf(arrival: Arrival, { rows, vitals, commands }: Taken): HeartbeatOutcome | Error {
  const row = rows.get(keyOf(arrival));
  if (!row) return notRegistered(arrival);
  const now = vitals.get(keyOf(arrival));
  if (!now) return notApproved(arrival);
  return { row: { ...row, ...now }, commands: commands.carried.get(arrival) ?? [], isBack: row.presence !== 'online' };
}

/** Whether the batch brings readings alone: a power cut could only lose what every next heartbeat brings again. */
function isRepeatable({ rows, vitals, commands }: Taken): boolean {
  return !commands.hasMoved && [...vitals].every(([key, now]) => isReadingAlone(rows.get(key), now));
}

/** The commit is answered before it is on the disk; Postgres flushes it within a second. */
async function skipFlush(tx: EntityManager): Promise<void> {
  await tx.query('SET LOCAL synchronous_commit = off');
}

/** In the order of their keys, so that two batches wait for each other and never for ever. */
function lockDevices(tx: EntityManager, keys: readonly DeviceKey[]): Promise<readonly DeviceRow[]> {
  const wanted = unnest(keys, {
    entityId: { type: 'text', value: (key) => key.entityId },
    beaconId: { type: 'text', value: (key) => key.beaconId },
  });
  return tx.query<readonly DeviceRow[]>(
    `SELECT d.* FROM "beacons"."devices" d
     WHERE (d."entityId", d."beaconId") IN (SELECT r."entityId", r."beaconId" FROM ${wanted.sql})
     ORDER BY d."entityId", d."beaconId" FOR NO KEY UPDATE`,
    [...wanted.parameters],
  );
}

function vitalsOf(rows: ReadonlyMap<string, DeviceRow>, accepted: readonly Arrival[]): Map<string, Vitals> {
  return new Map(
    [...byBeacon(accepted)].flatMap(([key, arrivals]) => {
      const row = rows.get(key);
      return row ? [[key, afterHeartbeats(row, arrivals)] as const] : [];
    }),
  );
}

async function storeVitals(tx: EntityManager, vitals: readonly Vitals[]): Promise<void> {
  if (vitals.length === 0) return;
  const rows = unnest(vitals, {
    entityId: { type: 'text', value: (row) => row.entityId },
    beaconId: { type: 'text', value: (row) => row.beaconId },
    presence: { type: 'text', value: (row) => row.presence },
    status: { type: 'text', value: (row) => row.status },
    uptimeSeconds: { type: 'float8', value: (row) => row.uptimeSeconds },
    batteryPercent: { type: 'float8', value: (row) => row.batteryPercent },
    firmwareVersion: { type: 'text', value: (row) => row.firmwareVersion },
    metricsJson: { type: 'text', value: (row) => JSON.stringify(row.metricsJson) },
    reportedAt: { type: 'timestamptz', value: (row) => row.reportedAt },
    lastSeenAt: { type: 'timestamptz', value: (row) => row.lastSeenAt },
  });
  await tx.query(
    `UPDATE "beacons"."devices" d SET "presence" = r."presence", "status" = r."status",
       "uptimeSeconds" = r."uptimeSeconds", "batteryPercent" = r."batteryPercent",
       "firmwareVersion" = r."firmwareVersion", "metricsJson" = r."metricsJson"::json,
       "reportedAt" = r."reportedAt", "lastSeenAt" = r."lastSeenAt"
     FROM ${rows.sql} WHERE d."entityId" = r."entityId" AND d."beaconId" = r."beaconId"`,
    [...rows.parameters],
  );
}

async function tellReturns(
  tx: EntityManager,
  rows: ReadonlyMap<string, DeviceRow>,
  vitals: ReadonlyMap<string, Vitals>,
): Promise<void> {
  const events = [...vitals].flatMap(([key, { entityId, beaconId, presence, lastSeenAt }]) => {
    const previous = rows.get(key)?.presence;
    if (previous === undefined || previous === presence) return [];
    return [presenceEvent({ entityId, beaconId, presence, previous, lastSeenAt, at: lastSeenAt })];
  });
  await enqueue(tx, events);
}
