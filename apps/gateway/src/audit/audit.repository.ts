import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { unnest, type UnnestColumn } from '#libs/database';
import type { AuditEntry } from './audit.entry.js';

/** An entry as it is stored; ids rise in the order in which entries were written. */
export interface StoredEntry extends AuditEntry {
  readonly auditId: number;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly entityId?: string | undefined;
  readonly action?: string | undefined;
  readonly code?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** `refused`: not let in or not allowed. `failed`: any other status from 400 on. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface AuditPage {
  readonly filter: AuditFilter;
  /** Entries before this id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

const COLUMNS: Readonly<Record<string, UnnestColumn<AuditEntry>>> = {
  at: { type: 'timestamptz', value: ({ at }) => at },
  requestId: { type: 'text', value: ({ requestId }) => requestId },
  actor: { type: 'text', value: ({ actor }) => actor },
  actorName: { type: 'text', value: ({ actorName }) => actorName },
  actorKind: { type: 'text', value: ({ actorKind }) => actorKind },
  roles: { type: 'jsonb', value: ({ roles }) => JSON.stringify(roles) },
  action: { type: 'text', value: ({ action }) => action },
  entityId: { type: 'text', value: ({ entityId }) => entityId },
  targets: { type: 'jsonb', value: ({ targets }) => JSON.stringify(targets) },
  status: { type: 'int4', value: ({ status }) => status },
  code: { type: 'text', value: ({ code }) => code },
  address: { type: 'text', value: ({ address }) => address },
  userAgent: { type: 'text', value: ({ userAgent }) => userAgent },
  count: { type: 'int4', value: ({ count }) => count },
};
const NAMES = Object.keys(COLUMNS).map((name) => `"${name}"`);

const OUTCOME_SQL = `CASE WHEN "status" < 400 THEN 'done' WHEN "status" IN (401, 403) THEN 'refused' ELSE 'failed' END`;

@Injectable()
export class AuditRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(entries: readonly AuditEntry[]): Promise<void> {
    const { sql, parameters } = unnest(entries, COLUMNS);
    const selected = NAMES.map((name) => `r.${name}`).join(', ');
    await this.dataSource.query(`INSERT INTO "auth"."auditLog" (${NAMES.join(', ')}) SELECT ${selected} FROM ${sql}`, [
      ...parameters,
    ]);
  }

  /** Newest first. */
  find({ filter, before, limit }: AuditPage): Promise<StoredEntry[]> {
    const { actor, entityId, action, code, outcome, from, to } = filter;
    return this.dataSource.query(
      `SELECT "auditId", ${NAMES.join(', ')} FROM "auth"."auditLog"
        WHERE ($1::bigint IS NULL OR "auditId" < $1) AND ($2::text IS NULL OR "actor" = $2)
          AND ($3::text IS NULL OR "entityId" = $3) AND ($4::text IS NULL OR "action" = $4)
          AND ($5::text IS NULL OR "code" = $5) AND ($6::text IS NULL OR ${OUTCOME_SQL} = $6)
          AND ($7::timestamptz IS NULL OR "at" >= $7) AND ($8::timestamptz IS NULL OR "at" < $8)
        ORDER BY "auditId" DESC LIMIT $9`,
      [before, actor, entityId, action, code, outcome, from, to, limit],
    );
  }

  /** Drops one page of what is older; answers how many. */
  async sweep(olderThanDays: number, page: number): Promise<number> {
    const [row]: readonly { swept: number }[] = await this.dataSource.query(
      `SELECT "auth"."sweepAudit"($1, $2) AS "swept"`,
      [olderThanDays, page],
    );
    return row?.swept ?? 0;
  }
}
