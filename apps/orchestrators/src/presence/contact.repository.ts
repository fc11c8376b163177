import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { OrchestratorContact, StreamOpening } from '#libs/contracts';
import { unnest } from '#libs/database';
import { LAST_CONTACT } from './contact.sql.js';
import { PresenceSettings } from './presence.settings.js';

/** What is known of an orchestrator's contact with us over anything but heartbeats (decision C11). */
@Injectable()
export class ContactRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly settings: PresenceSettings,
  ) {}

  /**
   * Notes delivered events; older news than what is known changes nothing. Who gets events has been told by the stream's
   * opening what had to be told of a silence.
   */
  async note(contacts: readonly OrchestratorContact[]): Promise<void> {
    if (contacts.length === 0) return;
    const newest = new Map(
      [...contacts].sort((a, b) => a.at.localeCompare(b.at)).map((each) => [each.assigned_id, each]),
    );
    const rows = unnest([...newest.values()], {
      assignedId: { type: 'text', value: (row) => row.assigned_id },
      eventId: { type: 'text', value: (row) => row.event_id },
      at: { type: 'timestamptz', value: (row) => row.at },
    });
    await this.dataSource.query(
      `UPDATE "orchestrators"."orchestrators" t
       SET "deliveredAt" = least(r."at", clock_timestamp()), "deliveredEventId" = r."eventId", "staleSince" = NULL
       FROM ${rows.sql}
       WHERE t."assignedId" = r."assignedId" AND (t."deliveredAt" IS NULL OR t."deliveredAt" < r."at")`,
      [...rows.parameters],
    );
  }

  /** What the opening of an event stream must tell; nobody is stale before its first contact. */
  async opening(assignedId: string): Promise<StreamOpening> {
    const [row] = await this.dataSource.query<readonly { since: Date | null; isStale: boolean | null }[]>(
      `SELECT coalesce("staleSince", ${LAST_CONTACT}) AS "since",
              coalesce("staleSince", ${LAST_CONTACT}) < clock_timestamp() - make_interval(secs => $2) AS "isStale"
       FROM "orchestrators"."orchestrators" WHERE "assignedId" = $1`,
      [assignedId, this.settings.staleAfterS],
    );
    return { offline_since: row?.since?.toISOString() ?? null, is_stale: row?.isStale ?? false };
  }

  /** A full sync is contact, ends whatever silence was before it, and does what a command to sync anew asked for. */
  async noteSynced(entityId: string, assignedId: string): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await tx.query(
        `UPDATE "orchestrators"."orchestrators" SET "syncedAt" = clock_timestamp(), "staleSince" = NULL
         WHERE "assignedId" = $1 AND "entityId" = $2`,
        [assignedId, entityId],
      );
      await tx.query(
        `DELETE FROM "orchestrators"."orchestrator_commands"
         WHERE "assignedId" = $1 AND "type" = 'resync' AND "handouts" > 0`,
        [assignedId],
      );
    });
  }
}
