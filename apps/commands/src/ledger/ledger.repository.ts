import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MusterError } from '#libs/contracts';
import { unnest, type Unnested } from '#libs/database';
import type { RobotCommand } from './command.entity.js';
import type { TimelineDraft } from './command.state.js';
import { type Applied, type Entry, type LedgerCommand, type LedgerFact, LedgerPage } from './ledger.page.js';

const MAX_ATTEMPTS = 20;

/** The one way in which a stored command changes: the state machine decides, and row and timeline are written together. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Applies facts in their order; one outcome each. Reads, decides and writes in two statements: the write takes effect
   * only for commands that nobody changed since, and the rest is read again.
   */
  async apply(facts: readonly LedgerFact[]): Promise<readonly Applied[]> {
    const outcomes = new Map<LedgerFact, Applied>();
    let open = facts;
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) throw overtaken(open.length);
      const page = await this.read(open);
      for (const fact of open) outcomes.set(fact, page.take(fact));
      const lost = await this.write(page);
      open = open.filter(({ commandId }) => lost.has(commandId));
    }
    return facts.map((fact) => outcomes.get(fact) ?? { outcome: 'unknown' });
  }

  /** Records facts that change no row, without locks; a repeated one is one entry. */
  async record(entries: readonly Entry[]): Promise<void> {
    const rows = entryRows(entries, 1);
    await this.dataSource.query(
      `INSERT INTO "commands"."command_timeline" ("commandId", "dedupeKey", "at", "kind", "by", "detail")
       SELECT r."commandId", r."dedupeKey", r."at", r."kind", r."by", r."detail" FROM ${rows.sql} ON CONFLICT DO NOTHING`,
      [...rows.parameters],
    );
  }

  /**
   * Takes up to `limit` commands that are due and makes them due again at `leaseUntil`, so that another replica finishes
   * what this one does not. `onlyExpired` leaves alone what needs the broker.
   */
  claimDue(options: { now: Date; leaseUntil: Date; limit: number; onlyExpired: boolean }): Promise<RobotCommand[]> {
    const { now, leaseUntil, limit, onlyExpired } = options;
    return this.dataSource.query<RobotCommand[]>(
      `WITH due AS (
         SELECT "commandId" FROM "commands"."robot_command_log"
         WHERE "dueAt" <= $1 AND (NOT $4 OR ("deadlineAt" <= $1 AND "status" IN ('REQUESTED', 'ACKED')))
         ORDER BY "dueAt" LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED),
       claimed AS (
         UPDATE "commands"."robot_command_log" c SET "dueAt" = $2 FROM due
         WHERE c."commandId" = due."commandId" RETURNING c.*)
       SELECT * FROM claimed ORDER BY "requestedAt", "commandId"`,
      [now, leaseUntil, limit, onlyExpired],
    );
  }

  /** The newest command in the stream that its robot is not known to have taken, `beside` the one that is taken back. */
  async newestWaiting(
    robotId: string,
    { beside, now }: { beside: string; now: Date },
  ): Promise<RobotCommand | undefined> {
    const [command] = await this.dataSource.query<readonly RobotCommand[]>(
      `SELECT c.* FROM "commands"."robot_command_log" c
       WHERE c."robotId" = $1 AND c."status" = 'REQUESTED' AND c."publishedSequence" IS NOT NULL AND c."deadlineAt" > $2
         AND c."requestedAt" > $2::timestamptz - interval '7 days' AND c."commandId" <> $3
         AND NOT EXISTS (SELECT FROM "commands"."command_timeline" t
           WHERE t."commandId" = c."commandId" AND t."dedupeKey" = 'delivered:' || c."publishedSequence")
       ORDER BY c."publishedSequence" DESC LIMIT 1`,
      [robotId, now, beside],
    );
    return command;
  }

  /** Sets when to look next, null for never, unless somebody else has set it since `command` was read. */
  async reschedule(commands: readonly LedgerCommand[], dueAt: (command: LedgerCommand) => Date | null): Promise<void> {
    if (commands.length === 0) return;
    const rows = unnest(commands, {
      commandId: { type: 'uuid', value: (command) => command.commandId },
      seen: { type: 'timestamptz', value: (command) => command.dueAt },
      dueAt: { type: 'timestamptz', value: (command) => dueAt(command) },
    });
    await this.dataSource.query(
      `WITH locked AS (
         SELECT c."commandId", r."dueAt" FROM "commands"."robot_command_log" c JOIN ${rows.sql}
           ON r."commandId" = c."commandId" AND r."seen" = c."dueAt"
         ORDER BY c."commandId" FOR NO KEY UPDATE OF c)
       UPDATE "commands"."robot_command_log" c SET "dueAt" = locked."dueAt" FROM locked
       WHERE c."commandId" = locked."commandId"`,
      [...rows.parameters],
    );
  }

  private async read(facts: readonly LedgerFact[]): Promise<LedgerPage> {
    const keys = unnest(facts, {
      commandId: { type: 'uuid', value: (fact) => fact.commandId },
      dedupeKey: { type: 'text', value: (fact) => fact.dedupeKey },
    });
    return toPage(await this.dataSource.query<PageRow[]>(READ(keys.sql), [...keys.parameters]));
  }

  /** Answers the ids of commands that somebody changed since they were read: of these nothing was written. */
  private async write({ changed, added }: LedgerPage): Promise<ReadonlySet<string>> {
    if (changed.length === 0) return new Set();
    const commands = commandRows(changed);
    const entries = entryRows(added, commands.parameters.length + 1);
    const moved = await this.dataSource.query<readonly { commandId: string }[]>(WRITE(commands.sql, entries.sql), [
      ...commands.parameters,
      ...entries.parameters,
    ]);
    const stored = new Set(moved.map(({ commandId }) => commandId));
    return new Set(changed.map(({ commandId }) => commandId).filter((commandId) => !stored.has(commandId)));
  }
}

const COLUMNS = [
  'commandId',
  'robotId',
  'commandType',
  'requestedByUserId',
  'requestedAt',
  'lastAckAt',
  'status',
  'requestedBy',
  'expiresAt',
  'timeoutMs',
  'responseTimeoutMs',
  'maxRetries',
  'retryDelayMs',
  'attempts',
  'publishedSequence',
  'lastSentAt',
  'dueAt',
  'deadlineAt',
  'ackEpochMs',
  'ackSequence',
  'reason',
  'progress',
  'result',
  'error',
  'completedAt',
  'batchId',
  'version',
] satisfies (keyof LedgerCommand)[];
const SELECTED = COLUMNS.map((name) => `c."${name}"`).join(', ');

/** A row for each fact: its command, and its entry of the timeline if there is one already. */
const READ = (keys: string): string => `
  SELECT ${SELECTED}, r."dedupeKey",
    t."at" AS "entryAt", t."kind" AS "entryKind", t."by" AS "entryBy", t."detail" AS "entryDetail"
  FROM ${keys}
  JOIN "commands"."robot_command_log" c ON c."commandId" = r."commandId"
  LEFT JOIN "commands"."command_timeline" t ON t."commandId" = r."commandId" AND t."dedupeKey" = r."dedupeKey"`;

interface PageRow extends LedgerCommand {
  /** Of the fact that was looked up. */
  readonly dedupeKey: string;
  readonly entryAt: Date | null;
  readonly entryKind: TimelineDraft['kind'];
  readonly entryBy: string;
  readonly entryDetail: TimelineDraft['detail'];
}

function toPage(rows: readonly PageRow[]): LedgerPage {
  const page = new LedgerPage();
  for (const { dedupeKey, entryAt, entryKind, entryBy, entryDetail, ...command } of rows) {
    page.addCommand(command);
    if (entryAt === null) continue;
    const { commandId } = command;
    page.addEntry({ commandId, dedupeKey, at: entryAt, kind: entryKind, by: entryBy, detail: entryDetail });
  }
  return page;
}

function overtaken(count: number): MusterError {
  return new MusterError('OVERLOADED', `${count} commands change faster than they can be read. Try again.`);
}

/** Rows are locked in the order of their ids, so that two statements wait for each other and never for ever. */
const WRITE = (commands: string, entries: string): string => `
  WITH wanted AS MATERIALIZED (SELECT * FROM ${commands}),
  locked AS (
    SELECT w.* FROM "commands"."robot_command_log" c JOIN wanted w
      ON w."commandId" = c."commandId" AND w."version" = c."version"
    ORDER BY c."commandId" FOR NO KEY UPDATE OF c),
  moved AS (
    UPDATE "commands"."robot_command_log" c SET
      "version" = c."version" + 1,
      "status" = l."status", "lastAckAt" = l."lastAckAt", "attempts" = l."attempts",
      "publishedSequence" = l."publishedSequence", "lastSentAt" = l."lastSentAt", "dueAt" = l."dueAt",
      "deadlineAt" = l."deadlineAt", "ackEpochMs" = l."ackEpochMs", "ackSequence" = l."ackSequence",
      "reason" = l."reason", "progress" = l."progress", "result" = l."result", "error" = l."error",
      "completedAt" = l."completedAt"
    FROM locked l WHERE c."commandId" = l."commandId" AND c."version" = l."version"
    RETURNING c."commandId"),
  added AS (
    INSERT INTO "commands"."command_timeline" ("commandId", "dedupeKey", "at", "kind", "by", "detail")
    SELECT r."commandId", r."dedupeKey", r."at", r."kind", r."by", r."detail"
    FROM ${entries} JOIN moved m ON m."commandId" = r."commandId" ON CONFLICT DO NOTHING)
  SELECT "commandId" FROM moved`;

function commandRows(commands: readonly LedgerCommand[]): Unnested {
  return unnest(commands, {
    commandId: { type: 'uuid', value: (row) => row.commandId },
    version: { type: 'int4', value: (row) => row.version },
    status: { type: 'text', value: (row) => row.status },
    lastAckAt: { type: 'timestamptz', value: (row) => row.lastAckAt },
    attempts: { type: 'int4', value: (row) => row.attempts },
    publishedSequence: { type: 'int8', value: (row) => row.publishedSequence },
    lastSentAt: { type: 'timestamptz', value: (row) => row.lastSentAt },
    dueAt: { type: 'timestamptz', value: (row) => row.dueAt },
    deadlineAt: { type: 'timestamptz', value: (row) => row.deadlineAt },
    ackEpochMs: { type: 'int8', value: (row) => row.ackEpochMs },
    ackSequence: { type: 'int8', value: (row) => row.ackSequence },
    reason: { type: 'text', value: (row) => row.reason },
    progress: { type: 'float8', value: (row) => row.progress },
    result: { type: 'jsonb', value: (row) => toJson(row.result) },
    error: { type: 'jsonb', value: (row) => toJson(row.error) },
    completedAt: { type: 'timestamptz', value: (row) => row.completedAt },
  });
}

function entryRows(entries: readonly Entry[], firstParameter: number): Unnested {
  return unnest(
    entries,
    {
      commandId: { type: 'uuid', value: (entry) => entry.commandId },
      dedupeKey: { type: 'text', value: (entry) => entry.dedupeKey },
      at: { type: 'timestamptz', value: (entry) => entry.at },
      kind: { type: 'text', value: (entry) => entry.kind },
      by: { type: 'text', value: (entry) => entry.by },
      detail: { type: 'jsonb', value: (entry) => toJson(entry.detail) },
    },
    firstParameter,
  );
}

const toJson = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
