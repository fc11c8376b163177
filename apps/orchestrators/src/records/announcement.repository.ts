import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ChangedIds } from '#libs/contracts';

/** What a committed transaction changed. */
export interface Announcement {
  readonly entityId: string;
  /** When the entity was made: another one of the same id counts its changes anew. */
  readonly createdAt: Date;
  readonly seq: number;
  readonly changedAt: Date;
  readonly changesJson: ChangedIds;
}

/** Tells announcements, oldest first, in the transaction that forgets them. */
export type Tell = (tx: EntityManager, announcements: readonly Announcement[]) => Promise<void>;

@Injectable()
export class AnnouncementRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Entities of which something waits to be told. */
  async waiting(): Promise<readonly string[]> {
    const rows = await this.dataSource.query<readonly { entityId: string }[]>(
      `SELECT DISTINCT "entityId" FROM "orchestrators"."announcements" ORDER BY "entityId"`,
    );
    return rows.map(({ entityId }) => entityId);
  }

  /**
   * Tells the oldest `limit` announcements of an entity and forgets them; answers how many there were. One replica at a
   * time, so that their order is kept: answers `undefined` while another one tells.
   */
  take(entityId: string, limit: number, tell: Tell): Promise<number | undefined> {
    return this.dataSource.transaction(async (tx) => {
      const [lock] = await tx.query<readonly { free: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "free"`,
        [`muster.orchestrators.announcements.${entityId}`],
      );
      if (!lock?.free) return undefined;
      const announcements = await tx.query<readonly Announcement[]>(OLDEST, [entityId, limit]);
      const last = announcements.at(-1);
      if (!last) return 0;
      await tell(tx, announcements);
      await tx.query(`DELETE FROM "orchestrators"."announcements" WHERE "entityId" = $1 AND "seq" <= $2`, [
        entityId,
        last.seq,
      ]);
      return announcements.length;
    });
  }
}

/**
 * The entity is held, so that it is not deleted before the transaction ends. Not the announcements: a deletion would hold
 * the entity and wait for them, while a sum that is made for them waits for the entity on another connection.
 */
const OLDEST = `
  SELECT a."entityId", e."createdAt", a."seq", a."changedAt", a."changesJson"
  FROM "orchestrators"."announcements" a JOIN "orchestrators"."entities" e ON e."entityId" = a."entityId"
  WHERE a."entityId" = $1 ORDER BY a."seq" LIMIT $2 FOR KEY SHARE OF e`;
