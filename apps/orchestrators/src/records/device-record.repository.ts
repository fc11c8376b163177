import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Finds beacon records by the device that they were drawn for. */
@Injectable()
export class DeviceRecordRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The present beacon record whose `device_id` or `mac` has these hex digits, however they are grouped; the first of several. */
  async find(entityId: string, deviceId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<readonly { recordId: string }[]>(
      `SELECT "recordId" FROM "orchestrators"."record_versions"
       WHERE "entityId" = $1 AND "collection" = 'beacons' AND "toSeq" IS NULL AND "operation" <> 'delete'
         AND $2 IN (lower(regexp_replace("dataJson" ->> 'device_id', '[^0-9A-Fa-f]', '', 'g')),
                    lower(regexp_replace("dataJson" ->> 'mac', '[^0-9A-Fa-f]', '', 'g')))
       ORDER BY "recordId" LIMIT 1`,
      [entityId, deviceId],
    );
    return row?.recordId ?? null;
  }
}
