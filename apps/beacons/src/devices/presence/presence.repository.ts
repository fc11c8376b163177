import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { unnest } from '#libs/database';
import { enqueue } from '../../beacons.outbox.js';
import type { DeviceKey } from '../device.row.js';
import { type Hearing, listenOn, presenceEvent } from './presence.policy.js';

interface SilentRow extends DeviceKey {
  readonly lastSeenAt: Date;
}

@Injectable()
export class PresenceRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Notes that heartbeats can be heard now; a pause longer than `maxPauseMs` begins anew. */
  listen(maxPauseMs: number): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      const [known] = await tx.query<readonly Hearing[]>(`SELECT "since", "until" FROM "beacons"."hearing" FOR UPDATE`);
      const hearing = listenOn(known, new Date(), maxPauseMs);
      await tx.query(
        `INSERT INTO "beacons"."hearing" ("since", "until") VALUES ($1, $2)
         ON CONFLICT ("id") DO UPDATE SET "since" = EXCLUDED."since", "until" = greatest("hearing"."until", EXCLUDED."until")`,
        [hearing.since, hearing.until],
      );
    });
  }

  /** Since when, and until when, heartbeats could be heard; nothing before anybody said so. */
  async hearing(): Promise<Hearing | undefined> {
    const [hearing] = await this.dataSource.query<readonly Hearing[]>(
      `SELECT "since", "until" FROM "beacons"."hearing"`,
    );
    return hearing;
  }

  /**
   * Makes up to `max` beacons offline that were not seen since, with their events; answers how many. Replicas share the
   * work: each locks what no other one holds.
   */
  moveSilent(since: Date, max: number): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const silent = await tx.query<readonly SilentRow[]>(
        `SELECT "entityId", "beaconId", "lastSeenAt" FROM "beacons"."devices"
         WHERE "presence" = 'online' AND "lastSeenAt" <= $1
         ORDER BY "entityId", "beaconId" LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`,
        [since, max],
      );
      if (silent.length === 0) return 0;
      const rows = unnest(silent, {
        entityId: { type: 'text', value: (row) => row.entityId },
        beaconId: { type: 'text', value: (row) => row.beaconId },
      });
      await tx.query(
        `UPDATE "beacons"."devices" d SET "presence" = 'offline' FROM ${rows.sql}
         WHERE d."entityId" = r."entityId" AND d."beaconId" = r."beaconId"`,
        [...rows.parameters],
      );
      const at = new Date();
      await enqueue(
        tx,
        silent.map((row) => presenceEvent({ ...row, presence: 'offline', previous: 'online', at })),
      );
      return silent.length;
    });
  }
}
