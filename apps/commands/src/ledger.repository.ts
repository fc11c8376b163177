import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { unnest } from '#libs/database';
import type { RobotCommand } from './command.entity.js';
import { transition } from './command.machine.js';
import type { CommandFact, TimelineDraft } from './command.state.js';

/** One fact about one command; the key tells it from every other fact about that command. */
export interface LedgerFact {
  readonly commandId: string;
  readonly dedupeKey: string;
  readonly fact: CommandFact;
}

/** A command without what was asked of the robot: nothing that happens later depends on it. */
export type LedgerCommand = Omit<RobotCommand, 'payloadJson'>;

/** What became of a fact. `repeated`: it was in the timeline before; `void`: it changed and recorded nothing. */
export type Applied =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'void'; readonly command: LedgerCommand }
  | { readonly outcome: 'recorded' | 'repeated'; readonly command: LedgerCommand; readonly entry: TimelineDraft };

interface Entry extends TimelineDraft {
  readonly commandId: string;
  readonly dedupeKey: string;
}

/**
 * The one way in which a stored command changes: rows are locked in the order of their ids, the state machine decides, and
 * rows and timeline are written together.
 */
@Injectable()
export class LedgerRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Applies facts in their order, all in one transaction; one outcome each. */
  async apply(facts: readonly LedgerFact[]): Promise<readonly Applied[]> {
    if (facts.length === 0) return [];
    return this.dataSource.transaction(async (tx) => {
      const before = await lockCommands(tx, facts);
      const acks = facts.filter(({ fact }) => fact.type === 'ack');
      const entries = acks.length > 0 ? await findEntries(tx, acks) : new Map<string, TimelineDraft>();
      const page = new LedgerPage(before, entries);
      const outcomes = facts.map((fact) => page.take(fact));
      await updateCommands(tx, page.changed);
      await insertEntries(tx, page.added);
      return outcomes;
    });
  }

  /** Records facts that change no row, without locks; a repeated one is one entry. */
  async record(entries: readonly (TimelineDraft & { commandId: string; dedupeKey: string })[]): Promise<void> {
    await insertEntries(this.dataSource.manager, entries);
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
}

/** The rows of one transaction while facts are applied to them. */
class LedgerPage {
  private readonly touched = new Set<string>();
  readonly added: Entry[] = [];

  constructor(
    /** Keyed by command id. */
    private readonly commands: Map<string, LedgerCommand>,
    /** Keyed by command id and dedupe key. */
    private readonly entries: Map<string, TimelineDraft>,
  ) {}

  get changed(): LedgerCommand[] {
    return [...this.touched].sort().flatMap((commandId) => this.commands.get(commandId) ?? []);
  }

  take({ commandId, dedupeKey, fact }: LedgerFact): Applied {
    const command = this.commands.get(commandId);
    if (!command) return { outcome: 'unknown' };
    const { changes, entry } = transition(command, fact);
    const repeated = this.entries.get(entryKey(commandId, dedupeKey));
    if (repeated) return { outcome: 'repeated', command, entry: repeated };
    if (!entry) return { outcome: 'void', command };
    const changed = Object.assign({}, command, changes);
    this.commands.set(commandId, changed);
    if (Object.keys(changes).length > 0) this.touched.add(commandId);
    this.entries.set(entryKey(commandId, dedupeKey), entry);
    this.added.push({ ...entry, commandId, dedupeKey });
    return { outcome: 'recorded', command: changed, entry };
  }
}

const entryKey = (commandId: string, dedupeKey: string): string => `${commandId}/${dedupeKey}`;

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
] satisfies (keyof LedgerCommand)[];
const SELECTED = COLUMNS.map((name) => `"${name}"`).join(', ');

async function lockCommands(tx: EntityManager, facts: readonly LedgerFact[]): Promise<Map<string, LedgerCommand>> {
  const rows = await tx.query<LedgerCommand[]>(
    `SELECT ${SELECTED} FROM "commands"."robot_command_log" WHERE "commandId" = ANY($1::uuid[])
     ORDER BY "commandId" FOR NO KEY UPDATE`,
    [[...new Set(facts.map(({ commandId }) => commandId))]],
  );
  return new Map(rows.map((row) => [row.commandId, row]));
}

async function findEntries(tx: EntityManager, facts: readonly LedgerFact[]): Promise<Map<string, TimelineDraft>> {
  const keys = unnest(facts, {
    commandId: { type: 'uuid', value: (fact) => fact.commandId },
    dedupeKey: { type: 'text', value: (fact) => fact.dedupeKey },
  });
  const rows = await tx.query<Entry[]>(
    `SELECT t."commandId", t."dedupeKey", t."at", t."kind", t."by", t."detail"
     FROM ${keys.sql} JOIN "commands"."command_timeline" t
       ON t."commandId" = r."commandId" AND t."dedupeKey" = r."dedupeKey"`,
    [...keys.parameters],
  );
  return new Map(rows.map((row) => [entryKey(row.commandId, row.dedupeKey), row]));
}

async function updateCommands(tx: EntityManager, commands: readonly LedgerCommand[]): Promise<void> {
  if (commands.length === 0) return;
  const rows = unnest(commands, {
    commandId: { type: 'uuid', value: (row) => row.commandId },
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
  await tx.query(
    `UPDATE "commands"."robot_command_log" c SET
       "status" = r."status", "lastAckAt" = r."lastAckAt", "attempts" = r."attempts",
       "publishedSequence" = r."publishedSequence", "lastSentAt" = r."lastSentAt", "dueAt" = r."dueAt",
       "deadlineAt" = r."deadlineAt", "ackEpochMs" = r."ackEpochMs", "ackSequence" = r."ackSequence",
       "reason" = r."reason", "progress" = r."progress", "result" = r."result", "error" = r."error",
       "completedAt" = r."completedAt"
     FROM ${rows.sql} WHERE c."commandId" = r."commandId"`,
    [...rows.parameters],
  );
}

async function insertEntries(manager: EntityManager, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = unnest(entries, {
    commandId: { type: 'uuid', value: (entry) => entry.commandId },
    dedupeKey: { type: 'text', value: (entry) => entry.dedupeKey },
    at: { type: 'timestamptz', value: (entry) => entry.at },
    kind: { type: 'text', value: (entry) => entry.kind },
    by: { type: 'text', value: (entry) => entry.by },
    detail: { type: 'jsonb', value: (entry) => toJson(entry.detail) },
  });
  await manager.query(
    `INSERT INTO "commands"."command_timeline" ("commandId", "dedupeKey", "at", "kind", "by", "detail")
     SELECT r."commandId", r."dedupeKey", r."at", r."kind", r."by", r."detail" FROM ${rows.sql} ON CONFLICT DO NOTHING`,
    [...rows.parameters],
  );
}

const toJson = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
