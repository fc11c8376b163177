import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { DeviceKey, DeviceRow } from '../device.row.js';

/** Ends the grant of a row that the transaction holds: its tokens must be revoked. */
export async function endGrant(tx: EntityManager, { entityId, beaconId, grantId }: DeviceRow): Promise<void> {
  if (grantId === null) return;
  await tx.query(`INSERT INTO "beacons"."ended_grants" ("grantId") VALUES ($1) ON CONFLICT DO NOTHING`, [grantId]);
  await tx.query(`UPDATE "beacons"."devices" SET "grantId" = NULL WHERE "entityId" = $1 AND "beaconId" = $2`, [
    entityId,
    beaconId,
  ]);
}

/** Grants stand behind the tokens of beacons: one for each beacon, over all its tokens, until it ends. */
@Injectable()
export class GrantRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The grant of a beacon, begun when there is none; nothing for one that is not, or no longer, approved with this key. */
  async take({ entityId, beaconId, publicKey }: DeviceKey & Pick<DeviceRow, 'publicKey'>): Promise<string | undefined> {
    const [[row]] = await this.dataSource.query<[readonly { grantId: string }[], number]>(
      `UPDATE "beacons"."devices" SET "grantId" = coalesce("grantId", gen_random_uuid())
       WHERE "entityId" = $1 AND "beaconId" = $2 AND "approved" AND "publicKey" = $3 RETURNING "grantId"`,
      [entityId, beaconId, publicKey],
    );
    return row?.grantId;
  }

  /** The oldest of those that ended. */
  async ended(limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource.query<readonly { grantId: string }[]>(
      `SELECT "grantId" FROM "beacons"."ended_grants" ORDER BY "endedAt" LIMIT $1`,
      [limit],
    );
    return rows.map(({ grantId }) => grantId);
  }

  async drop(grantIds: readonly string[]): Promise<void> {
    await this.dataSource.query(`DELETE FROM "beacons"."ended_grants" WHERE "grantId" = ANY($1::uuid[])`, [grantIds]);
  }
}
