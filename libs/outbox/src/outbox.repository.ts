import type { DataSource, EntityManager } from 'typeorm';
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

/** Writes to the outbox of one schema, in the transaction of the fact that is told. */
export interface OutboxWriter {
  /** Adds messages in the order given. */
  readonly enqueue: (tx: EntityManager, outgoing: readonly Outgoing[]) => Promise<void>;
  /** Takes back what was not published yet and is replaced by something newer on the same subject. */
  readonly supersede: (tx: EntityManager, subject: string) => Promise<void>;
}

/** SQL that makes the outbox of a schema; for the schema's first migration. */
export function createOutbox(schema: string): string {
  return `
    CREATE TABLE "${schema}"."outbox" (
      "outboxId" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      "subject" text NOT NULL,
      "messageId" text NOT NULL,
      "body" text NOT NULL,
      "createdAt" timestamptz NOT NULL DEFAULT now());
    CREATE INDEX "outbox_subject_idx" ON "${schema}"."outbox" ("subject")`;
}

/** The writer of a schema's outbox. `schema` is a name of our own, never input. */
export function outboxOf(schema: string): OutboxWriter {
  const insert = (rows: string): string =>
    `INSERT INTO "${schema}"."outbox" ("subject", "messageId", "body")
     SELECT r."subject", r."messageId", r."body" FROM ${rows}`;
  return {
    async enqueue(tx, outgoing) {
      if (outgoing.length === 0) return;
      const rows = unnest(outgoing, {
        subject: { type: 'text', value: (row) => row.subject },
        messageId: { type: 'text', value: (row) => row.messageId },
        body: { type: 'text', value: (row) => JSON.stringify(row.body) },
      });
      await tx.query(insert(rows.sql), [...rows.parameters]);
    },
    async supersede(tx, subject) {
      await tx.query(`DELETE FROM "${schema}"."outbox" WHERE "subject" = $1`, [subject]);
    },
  };
}

export class OutboxRepository {
  private readonly lock: string;
  private readonly select: string;
  private readonly remove: string;

  constructor(
    private readonly dataSource: DataSource,
    schema: string,
  ) {
    this.lock = `muster.${schema}.outbox`;
    this.select = `SELECT "outboxId", "subject", "messageId", "body" FROM "${schema}"."outbox" ORDER BY "outboxId" LIMIT $1`;
    this.remove = `DELETE FROM "${schema}"."outbox" WHERE "outboxId" = ANY($1::bigint[])`;
  }

  /**
   * Delivers the oldest `limit` entries and removes those that were stored. One replica at a time, so that the order is
   * kept: answers `undefined` while another one delivers.
   */
  deliver(limit: number, deliver: Deliver): Promise<{ found: number; delivered: number } | undefined> {
    return this.dataSource.transaction(async (tx) => {
      const [lock] = await tx.query<readonly { free: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "free"`,
        [this.lock],
      );
      if (!lock?.free) return undefined;
      const entries = await tx.query<readonly OutboxEntry[]>(this.select, [limit]);
      if (entries.length === 0) return { found: 0, delivered: 0 };
      const stored = await deliver(entries);
      await tx.query(this.remove, [stored]);
      return { found: entries.length, delivered: stored.length };
    });
  }
}
