import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { UnlockType } from '#libs/contracts';
import type { DeviceKey } from '../devices/device.row.js';

export interface NewUnlock extends DeviceKey {
  readonly unlockId: string;
  readonly userId: string;
  readonly deviceId: string | null;
  readonly type: UnlockType;
  readonly nonce: string;
}

/** Remembers which nonces were used, and who was given an unlock challenge. */
@Injectable()
export class ChallengeRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whether the nonce was not used before; from now on it is. */
  async use(nonce: string): Promise<boolean> {
    const stored = await this.dataSource.query<readonly unknown[]>(
      `INSERT INTO "beacons"."used_nonces" ("nonce") VALUES ($1) ON CONFLICT DO NOTHING RETURNING "nonce"`,
      [nonce],
    );
    return stored.length === 1;
  }

  async forgetUsed(before: Date): Promise<void> {
    await this.dataSource.query(`DELETE FROM "beacons"."used_nonces" WHERE "usedAt" < $1`, [before]);
  }

  async noteUnlock({ unlockId, entityId, beaconId, userId, deviceId, type, nonce }: NewUnlock): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO "beacons"."unlock_instances"
         ("unlockId", "entityId", "beaconId", "userId", "deviceId", "type", "challengeNonce")
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [unlockId, entityId, beaconId, userId, deviceId, type, nonce],
    );
  }
}
