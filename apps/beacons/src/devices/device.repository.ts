import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { BeaconDeviceDto, BeaconDevicePage, BeaconDeviceQuery } from '#libs/contracts';
import { notRegistered } from './device.errors.js';
import { type DeviceKey, type DeviceRow, toDeviceDto } from './device.row.js';
import { fitting } from './page.size.js';

const FILTER = `
  "entityId" = $1
  AND ($2::text IS NULL OR "presence" = $2)
  AND ($3::boolean IS NULL OR "approved" = $3)
  AND ($4::text IS NULL OR "firmwareVersion" = $4)
  AND ($5::text IS NULL OR strpos(lower("beaconId"), $5) > 0 OR strpos("deviceId", $5) > 0)`;

/** Reads registered beacons. */
@Injectable()
export class DeviceRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find({ entityId, beaconId }: DeviceKey): Promise<DeviceRow | undefined> {
    const [row] = await this.dataSource.query<readonly DeviceRow[]>(
      `SELECT * FROM "beacons"."devices" WHERE "entityId" = $1 AND "beaconId" = $2`,
      [entityId, beaconId],
    );
    return row;
  }

  /** @throws MusterError `BEACON_NOT_REGISTERED` */
  async require(key: DeviceKey): Promise<DeviceRow> {
    const row = await this.find(key);
    if (row) return row;
    throw notRegistered(key);
  }

  async findByDevice(entityId: string, deviceId: string): Promise<DeviceRow | undefined> {
    const [row] = await this.dataSource.query<readonly DeviceRow[]>(
      `SELECT * FROM "beacons"."devices" WHERE "entityId" = $1 AND "deviceId" = $2`,
      [entityId, deviceId],
    );
    return row;
  }

  /** In the order of their ids; a page is cut where it would be too large for one reply. */
  async page({
    entity_id,
    presence,
    approved,
    firmware_version,
    text,
    limit,
    after,
  }: BeaconDeviceQuery): Promise<BeaconDevicePage> {
    const filter = [entity_id, presence, approved, firmware_version, text?.toLowerCase()].map((value) => value ?? null);
    const [rows, [count]] = await Promise.all([
      this.dataSource.query<readonly DeviceRow[]>(
        `SELECT * FROM "beacons"."devices" WHERE ${FILTER} AND "beaconId" > $6 ORDER BY "beaconId" LIMIT $7`,
        [...filter, after ?? '', limit + 1],
      ),
      this.dataSource.query<readonly { total: number }[]>(
        `SELECT count(*)::int AS "total" FROM "beacons"."devices" WHERE ${FILTER}`,
        filter,
      ),
    ]);
    const devices: readonly BeaconDeviceDto[] = fitting(rows.slice(0, limit).map(toDeviceDto));
    const next = devices.length < rows.length ? (devices.at(-1)?.beacon_id ?? null) : null;
    return { devices, next, total: count?.total ?? 0 };
  }
}
