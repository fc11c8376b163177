import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type BeaconRegistration, MALL_EVENTS, mallEventSubject, MusterError } from '#libs/contracts';
import { Outbox } from '#libs/outbox';
import { enqueue } from '../../beacons.outbox.js';
import { type DeviceKey, type DeviceRow, toDeviceDto } from '../device.row.js';
import { endGrant } from './grant.repository.js';

/** Who a new device would be. */
export interface NewDevice {
  readonly entityId: string;
  readonly registration: BeaconRegistration;
  /** In the order of preference; the first that is free is taken. */
  readonly beaconIds: readonly string[];
  readonly approved: boolean;
  readonly maxDevices: number;
}

const INSERT = `
  INSERT INTO "beacons"."devices"
    ("entityId", "beaconId", "deviceId", "deviceType", "capabilities", "publicKey", "approved", "firmwareVersion",
     "hardwareRevision", "locationJson", "registeredAt")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *`;

/** What the device says about itself is new each time; another key waits, and the pinned one stays. */
const UPDATE = `
  UPDATE "beacons"."devices" SET "deviceType" = $4, "capabilities" = $5, "firmwareVersion" = $7,
    "hardwareRevision" = $8, "locationJson" = $9, "registeredAt" = $10, "updatedAt" = now(),
    "pendingKey" = CASE WHEN "publicKey" = $6 THEN "pendingKey" ELSE $6 END,
    "approved" = "approved" AND "publicKey" = $6
  WHERE "entityId" = $1 AND "beaconId" = $2 AND "deviceId" = $3 RETURNING *`;

const APPROVE = `
  UPDATE "beacons"."devices" SET "approved" = true, "publicKey" = coalesce("pendingKey", "publicKey"),
    "pendingKey" = NULL, "approvedBy" = $3, "approvedAt" = now(), "updatedAt" = now()
  WHERE "entityId" = $1 AND "beaconId" = $2 RETURNING *`;

const WITHDRAW = `
  UPDATE "beacons"."devices" SET "approved" = false, "approvedBy" = NULL, "approvedAt" = NULL, "updatedAt" = now()
  WHERE "entityId" = $1 AND "beaconId" = $2 RETURNING *`;

/** Writes who is registered. */
@Injectable()
export class RegistrationRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Registers a device, or takes a known one's new introduction. One registration of an entity at a time, so that ids and
   * the bound hold.
   * @throws MusterError `BEACON_LIMIT_REACHED`
   */
  async register(device: NewDevice): Promise<DeviceRow> {
    const { entityId, registration } = device;
    const registered = await this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`muster.beacons.devices.${entityId}`]);
      const [known] = await tx.query<readonly DeviceRow[]>(
        `SELECT * FROM "beacons"."devices" WHERE "entityId" = $1 AND "deviceId" = $2`,
        [entityId, registration.device_id],
      );
      const row = known ? await update(tx, known, registration) : await insert(tx, device);
      if (!row.approved) await endGrant(tx, row);
      if (known?.approved !== row.approved) await tell(tx, row);
      return row;
    });
    this.outbox.kick();
    return registered;
  }

  /** Approves a device, and pins the key that waited; answers the row, or nothing when there is none. */
  approve({ entityId, beaconId }: DeviceKey, by: string): Promise<DeviceRow | undefined> {
    return this.decide(APPROVE, [entityId, beaconId, by]);
  }

  /** Takes the approval back, and ends the grant; answers the row, or nothing when there is none. */
  withdraw({ entityId, beaconId }: DeviceKey): Promise<DeviceRow | undefined> {
    return this.decide(WITHDRAW, [entityId, beaconId]);
  }

  private async decide(statement: string, parameters: unknown[]): Promise<DeviceRow | undefined> {
    const decided = await this.dataSource.transaction(async (tx) => {
      const [[row]] = await tx.query<[readonly DeviceRow[], number]>(statement, parameters);
      if (!row) return undefined;
      if (!row.approved) await endGrant(tx, row);
      await tell(tx, row);
      return row;
    });
    this.outbox.kick();
    return decided;
  }
}

async function insert(tx: EntityManager, device: NewDevice): Promise<DeviceRow> {
  const { entityId, registration, beaconIds, approved, maxDevices } = device;
  const taken = await tx.query<readonly { beaconId: string }[]>(
    `SELECT "beaconId" FROM "beacons"."devices" WHERE "entityId" = $1`,
    [entityId],
  );
  if (taken.length >= maxDevices) throw limitReached(entityId, maxDevices);
  const beaconId = beaconIds.find((id) => taken.every((other) => other.beaconId !== id));
  const [row] = await tx.query<readonly DeviceRow[]>(INSERT, [
    entityId,
    beaconId,
    registration.device_id,
    registration.device_type,
    registration.capabilities,
    registration.public_key,
    approved,
    registration.firmware_version,
    registration.hardware_revision,
    registration.location,
    registration.registered_at,
  ]);
  return requireRow(row);
}

async function update(tx: EntityManager, known: DeviceRow, registration: BeaconRegistration): Promise<DeviceRow> {
  const [rows] = await tx.query<[readonly DeviceRow[], number]>(UPDATE, [
    known.entityId,
    known.beaconId,
    known.deviceId,
    registration.device_type,
    registration.capabilities,
    registration.public_key,
    registration.firmware_version,
    registration.hardware_revision,
    registration.location,
    registration.registered_at,
  ]);
  return requireRow(rows[0]);
}

async function tell(tx: EntityManager, row: DeviceRow): Promise<void> {
  const { event } = MALL_EVENTS.beaconUpdated;
  await enqueue(tx, [
    {
      subject: mallEventSubject(row.entityId, event),
      messageId: `${row.entityId}/${row.beaconId}:${event}:${row.updatedAt.getTime()}:${String(row.approved)}`,
      body: toDeviceDto(row),
    },
  ]);
}

function requireRow(row: DeviceRow | undefined): DeviceRow {
  if (row) return row;
  throw new Error('A registration wrote no row.');
}

function limitReached(entityId: string, maxDevices: number): MusterError {
  const message = `Entity "${entityId}" has ${String(maxDevices)} beacons already.`;
  return new MusterError('BEACON_LIMIT_REACHED', message, { entity_id: entityId, max_beacons: maxDevices });
}
