import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { orchestratorEventSubject, type OrchestratorEvent } from '#libs/contracts';
import { enqueue } from '../beacons.outbox.js';
import { toUpdateEvent } from './firmware.dto.js';
import { ReleaseRepository } from './release.repository.js';

/** A release that entities are being told of. */
export interface Announcement {
  readonly firmwareId: string;
  readonly publicUrl: string;
  /** Where the next page of entities begins; null before the first. */
  readonly position: string | null;
  readonly createdAt: Date;
}

@Injectable()
export class AnnouncementRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly releases: ReleaseRepository,
  ) {}

  async order(tx: EntityManager, firmwareId: string, publicUrl: string): Promise<void> {
    await tx.query(
      `INSERT INTO "beacons"."firmware_announcements" ("firmwareId", "publicUrl") VALUES ($1, $2)
       ON CONFLICT DO NOTHING`,
      [firmwareId, publicUrl],
    );
  }

  /** The oldest one that is not done. */
  async oldest(): Promise<Announcement | undefined> {
    const [row] = await this.dataSource.query<readonly Announcement[]>(
      `SELECT "firmwareId", "publicUrl", "position", "createdAt" FROM "beacons"."firmware_announcements"
       WHERE "doneAt" IS NULL ORDER BY "createdAt" LIMIT 1`,
    );
    return row;
  }

  /** Events of one page, and the place in the list; nothing when another replica was faster. */
  tell(
    { firmwareId, publicUrl, position }: Announcement,
    { entityIds, next }: { readonly entityIds: readonly string[]; readonly next: string | null },
    cdnUrl: string | undefined,
  ): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      const [moved] = await tx.query<readonly [readonly unknown[], number]>(
        `UPDATE "beacons"."firmware_announcements"
         SET "position" = $3, "announcedTo" = "announcedTo" + $4, "doneAt" = CASE WHEN $3::text IS NULL THEN now() END
         WHERE "firmwareId" = $1 AND "position" IS NOT DISTINCT FROM $2 AND "doneAt" IS NULL
         RETURNING 1`,
        [firmwareId, position, next, entityIds.length],
      );
      const release = await this.releases.find(firmwareId, tx);
      // A release that was withdrawn meanwhile is announced to nobody else.
      if (moved.length === 0 || !release || release.withdrawnAt) return;
      const body: OrchestratorEvent = {
        event: 'firmware_update',
        data: { ...toUpdateEvent(release, { publicUrl, cdnUrl }) },
      };
      await enqueue(
        tx,
        entityIds.map((entityId) => ({
          subject: orchestratorEventSubject(entityId),
          messageId: `firmware:${firmwareId}:${entityId}`,
          body,
        })),
      );
    });
  }
}
