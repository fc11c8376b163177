import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { unnest } from '#libs/database';
import { Outbox } from '#libs/outbox';
import { enqueue } from '../orchestrators.outbox.js';
import { type Applied, type HistoryRow, type LedgerFact, LedgerPage } from './ledger.page.js';
import { SELECT_TASKS, type TaskRow } from './task.row.js';
import { taskCounter } from './tasks.metrics.js';
import { TasksSettings } from './tasks.settings.js';

/** Of each task; its few changes of state come on top. */
export const MAX_REPORTS_KEPT = 200;

/**
 * The one way in which a stored task changes: its row is held while the state machine decides, and row, history and what is
 * told are written together.
 */
@Injectable()
export class LedgerRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly settings: TasksSettings,
  ) {}

  /** Applies facts in their order; one outcome each. */
  async apply(facts: readonly LedgerFact[]): Promise<readonly Applied[]> {
    const { outcomes, page } = await this.dataSource.transaction((tx) => this.applyIn(tx, facts));
    if (page.outgoing.length > 0) this.outbox.kick();
    for (const { status } of page.ended) taskCounter.inc({ status });
    return outcomes;
  }

  /**
   * Calls off up to `limit` tasks that wait past their deadline; answers how many. Replicas pass over each other's.
   */
  async expire(now: Date, limit: number): Promise<number> {
    const due = await this.dataSource.query<readonly { taskId: string }[]>(
      `SELECT "taskId" FROM "orchestrators"."tasks" WHERE "status" = 'queued' AND "deadlineAt" <= $1
       ORDER BY "deadlineAt" LIMIT $2`,
      [now, limit],
    );
    const fact = { type: 'expire', receivedAt: now } as const;
    await this.apply(due.map(({ taskId }) => ({ taskId, fact, admits: () => true })));
    return due.length;
  }

  private async applyIn(
    tx: EntityManager,
    facts: readonly LedgerFact[],
  ): Promise<{ outcomes: readonly Applied[]; page: LedgerPage }> {
    const rows = await hold(tx, [...new Set(facts.map(({ taskId }) => taskId))]);
    const page = new LedgerPage(rows, this.settings.progressEventMs);
    const outcomes = facts.map((fact) => page.take(fact));
    await writeTasks(tx, page.changed);
    await writeHistory(tx, page.history);
    await enqueue(tx, page.outgoing);
    return { outcomes, page };
  }
}

/** Rows are held in the order of their ids, so that two transactions wait for each other and never for ever. */
function hold(tx: EntityManager, taskIds: readonly string[]): Promise<readonly TaskRow[]> {
  return tx.query<readonly TaskRow[]>(
    `${SELECT_TASKS} WHERE t."taskId" = ANY($1::text[]) ORDER BY t."taskId" FOR NO KEY UPDATE`,
    [taskIds],
  );
}

const WRITE_TASKS = (rows: string): string => `
  UPDATE "orchestrators"."tasks" t SET
    "status" = r."status", "robotId" = r."robotId", "assignedAt" = r."assignedAt", "startedAt" = r."startedAt",
    "finishedAt" = r."finishedAt", "reportedAt" = r."reportedAt", "progressPercent" = r."progressPercent",
    "location" = r."location"::json, "estimatedCompletionAt" = r."estimatedCompletionAt",
    "estimatedDurationS" = r."estimatedDurationS", "path" = r."path"::json, "durationS" = r."durationS",
    "actualPath" = r."actualPath"::json, "proof" = r."proof"::json, "error" = r."error"::json, "reason" = r."reason",
    "version" = r."version", "toldAt" = r."toldAt", "updatedAt" = r."updatedAt"
  FROM ${rows} WHERE t."taskId" = r."taskId"`;

async function writeTasks(tx: EntityManager, tasks: readonly TaskRow[]): Promise<void> {
  if (tasks.length === 0) return;
  const rows = unnest(tasks, {
    taskId: { type: 'text', value: (task) => task.taskId },
    status: { type: 'text', value: (task) => task.status },
    robotId: { type: 'text', value: (task) => task.robotId },
    assignedAt: { type: 'timestamptz', value: (task) => task.assignedAt },
    startedAt: { type: 'timestamptz', value: (task) => task.startedAt },
    finishedAt: { type: 'timestamptz', value: (task) => task.finishedAt },
    reportedAt: { type: 'timestamptz', value: (task) => task.reportedAt },
    progressPercent: { type: 'float8', value: (task) => task.progressPercent },
    location: { type: 'text', value: (task) => toJson(task.location) },
    estimatedCompletionAt: { type: 'timestamptz', value: (task) => task.estimatedCompletionAt },
    estimatedDurationS: { type: 'float8', value: (task) => task.estimatedDurationS },
    path: { type: 'text', value: (task) => toJson(task.path) },
    durationS: { type: 'float8', value: (task) => task.durationS },
    actualPath: { type: 'text', value: (task) => toJson(task.actualPath) },
    proof: { type: 'text', value: (task) => toJson(task.proof) },
    error: { type: 'text', value: (task) => toJson(task.error) },
    reason: { type: 'text', value: (task) => task.reason },
    version: { type: 'int4', value: (task) => task.version },
    toldAt: { type: 'timestamptz', value: (task) => task.toldAt },
    updatedAt: { type: 'timestamptz', value: (task) => task.updatedAt },
  });
  await tx.query(WRITE_TASKS(rows.sql), [...rows.parameters]);
}

/** A report that comes again moves its entry to the end when it had an effect again, and leaves it alone otherwise. */
const WRITE_HISTORY = (rows: string): string => `
  INSERT INTO "orchestrators"."task_history" ("taskId", "ordinal", "dedupeKey", "at", "kind", "by", "detail")
  SELECT r."taskId", r."ordinal", r."dedupeKey", r."at", r."kind", r."by", r."detail"::json FROM ${rows}
  ON CONFLICT ("taskId", "dedupeKey") DO UPDATE SET
    "ordinal" = excluded."ordinal", "at" = excluded."at", "kind" = excluded."kind", "detail" = excluded."detail"
  WHERE excluded."kind" NOT IN ('late', 'refused')`;

const PRUNE_HISTORY = (rows: string): string => `
  DELETE FROM "orchestrators"."task_history" h USING ${rows}
  WHERE h."taskId" = r."taskId" AND h."ordinal" <= r."ordinal" - ${MAX_REPORTS_KEPT}
    AND h."kind" IN ('progress', 'late', 'refused')`;

export async function writeHistory(tx: EntityManager, entries: readonly HistoryRow[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = unnest(entries, {
    taskId: { type: 'text', value: (entry) => entry.taskId },
    ordinal: { type: 'int4', value: (entry) => entry.ordinal },
    dedupeKey: { type: 'text', value: (entry) => entry.dedupeKey },
    at: { type: 'timestamptz', value: (entry) => entry.at },
    kind: { type: 'text', value: (entry) => entry.kind },
    by: { type: 'text', value: (entry) => entry.by },
    detail: { type: 'text', value: (entry) => toJson(entry.detail) },
  });
  await tx.query(WRITE_HISTORY(rows.sql), [...rows.parameters]);
  const long = entries.filter(({ ordinal }) => ordinal > MAX_REPORTS_KEPT);
  if (long.length === 0) return;
  const old = unnest(long, {
    taskId: { type: 'text', value: (entry) => entry.taskId },
    ordinal: { type: 'int4', value: (entry) => entry.ordinal },
  });
  await tx.query(PRUNE_HISTORY(old.sql), [...old.parameters]);
}

/** Postgres keeps it as it is: a NUL or a lone surrogate in a text is an escape here. */
export const toJson = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
