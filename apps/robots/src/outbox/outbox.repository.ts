import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { unnest } from '#libs/database';

/** A message that goes to the broker once the transaction that wrote it is committed. */
export interface Outgoing {
  readonly subject: string;
  /** Deterministic: a repeat within the stream's duplicate window is dropped by the broker. */
  readonly messageId: string;
  readonly body: unknown;
}

export interface OutboxEntry {
  readonly outboxId: number;
  readonly subject: string;
  readonly messageId: string;
  readonly body: string;
}

/** Hands entries to the broker; answers the ids of those that it stored. */
export type Deliver = (entries: readonly OutboxEntry[]) => Promise<readonly number[]>;

const LOCK = 'muster.robots.outbox';

/** Writes messages in the transaction of the fact that they tell, in the order given. */
export async function enqueue(tx: EntityManager, outgoing: readonly Outgoing[]): Promise<void> {
  if (outgoing.length === 0) return;
  const rows = unnest(outgoing, {
    subject: { type: 'text', value: (row) => row.subject },
    messageId: { type: 'text', value: (row) => row.messageId },
    body: { type: 'text', value: (row) => JSON.stringify(row.body) },
  });
  await tx.query(
    `INSERT INTO "robots"."outbox" ("subject", "messageId", "body")
     SELECT r."subject", r."messageId", r."body" FROM ${rows.sql}`,
    [...rows.parameters],
  );
}

/** Takes back what was not published yet and is replaced by something newer on the same subject. */
export async function supersede(tx: EntityManager, subject: string): Promise<void> {
  await tx.query(`DELETE FROM "robots"."outbox" WHERE "subject" = $1`, [subject]);
}

@Injectable()
export class OutboxRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Delivers the oldest `limit` entries and removes those that were stored. One replica at a time, so that the order is
   * kept: answers `undefined` while another one delivers.
   */
  deliver(limit: number, deliver: Deliver): Promise<{ found: number; delivered: number } | undefined> {
    return this.dataSource.transaction(async (tx) => {
      const [lock] = await tx.query<readonly { free: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "free"`,
        [LOCK],
      );
      if (!lock?.free) return undefined;
      const entries = await tx.query<readonly OutboxEntry[]>(
        `SELECT "outboxId", "subject", "messageId", "body" FROM "robots"."outbox" ORDER BY "outboxId" LIMIT $1`,
        [limit],
      );
      if (entries.length === 0) return { found: 0, delivered: 0 };
      const stored = await deliver(entries);
      await tx.query(`DELETE FROM "robots"."outbox" WHERE "outboxId" = ANY($1::bigint[])`, [stored]);
      return { found: entries.length, delivered: stored.length };
    });
  }
}
