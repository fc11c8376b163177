import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { unnest } from '#libs/database';
import type { CommandBatch } from '../ledger/batch.entity.js';
import type { NewCommand } from '../ledger/command.entity.js';
import type { IdempotencyKey } from './idempotency.js';

export interface Acceptance {
  readonly command: NewCommand;
  readonly key: IdempotencyKey | null;
}

/** What a key stands for already. */
export interface KnownKey {
  readonly bodyHash: string;
  readonly commandId: string | null;
  readonly batchId: string | null;
}

/** `stored`, or what the key stood for before. */
export type Accepted = { readonly outcome: 'stored' } | { readonly outcome: 'known'; readonly known: KnownKey };

type Row = Acceptance & { readonly ordinal: number };

/** Writes commands together with their first timeline entry and their idempotency key: all of it, or nothing. */
@Injectable()
export class AcceptRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Stores many commands in one statement, and so in one transaction; one outcome each, in order. */
  async insert(acceptances: readonly Acceptance[]): Promise<Accepted[]> {
    const rows = acceptances.map((acceptance, ordinal) => ({ ...acceptance, ordinal }));
    const stored = await insertCommands(this.dataSource.manager, rows);
    const outcomes: Accepted[] = [];
    for (const { command, key } of acceptances) {
      if (stored.has(command.commandId)) outcomes.push({ outcome: 'stored' });
      else outcomes.push({ outcome: 'known', known: await this.requireKey(key) });
    }
    return outcomes;
  }

  /** Stores a batch with its commands; answers what the key stood for when it was known. */
  insertBatch(batch: CommandBatch, commands: readonly NewCommand[], key: IdempotencyKey | null): Promise<Accepted> {
    return this.dataSource.transaction(async (tx) => {
      if (key && !(await insertBatchKey(tx, batch, key)))
        return { outcome: 'known', known: await this.requireKey(key) };
      await tx.query(
        `INSERT INTO "commands"."command_batches"
           ("batchId", "commandType", "requestedBy", "requestedAt", "total", "refusals") VALUES ($1,$2,$3,$4,$5,$6)`,
        [
          batch.batchId,
          batch.commandType,
          batch.requestedBy,
          batch.requestedAt,
          batch.total,
          JSON.stringify(batch.refusals),
        ],
      );
      await insertCommands(
        tx,
        commands.map((command, ordinal) => ({ command, key: null, ordinal })),
      );
      return { outcome: 'stored' };
    });
  }

  async findKey({ principal, key }: IdempotencyKey): Promise<KnownKey | undefined> {
    const [known] = await this.dataSource.query<readonly KnownKey[]>(
      `SELECT "bodyHash", "commandId", "batchId" FROM "commands"."idempotency_keys" WHERE "principal" = $1 AND "key" = $2`,
      [principal, key],
    );
    return known;
  }

  private async requireKey(key: IdempotencyKey | null): Promise<KnownKey> {
    const known = key ? await this.findKey(key) : undefined;
    if (known) return known;
    throw new Error('A command was not stored although its idempotency key is free.');
  }
}

/** Keys are taken in their order, so that two statements wait for each other and never for ever. */
const INSERT_COMMANDS = (source: string): string => `
  WITH input AS MATERIALIZED (SELECT * FROM ${source}),
  keys AS (
    INSERT INTO "commands"."idempotency_keys" ("principal", "key", "bodyHash", "commandId", "createdAt")
    SELECT i."principal", i."key", i."bodyHash", i."commandId", i."requestedAt" FROM input i
    WHERE i."key" IS NOT NULL ORDER BY i."principal", i."key", i."ordinal"
    ON CONFLICT DO NOTHING RETURNING "commandId"),
  stored AS (
    INSERT INTO "commands"."robot_command_log"
      ("commandId", "robotId", "commandType", "payloadJson", "requestedByUserId", "requestedAt", "status",
       "requestedBy", "expiresAt", "timeoutMs", "responseTimeoutMs", "maxRetries", "retryDelayMs", "attempts",
       "dueAt", "deadlineAt", "batchId")
    SELECT i."commandId", i."robotId", i."commandType", i."payloadJson", i."requestedByUserId", i."requestedAt",
       i."status", i."requestedBy", i."expiresAt", i."timeoutMs", i."responseTimeoutMs", i."maxRetries",
       i."retryDelayMs", i."attempts", i."dueAt", i."deadlineAt", i."batchId"
    FROM input i WHERE i."key" IS NULL OR i."commandId" IN (SELECT "commandId" FROM keys)
    RETURNING "commandId", "requestedAt", "requestedBy"),
  entries AS (
    INSERT INTO "commands"."command_timeline" ("commandId", "dedupeKey", "at", "kind", "by")
    SELECT "commandId", 'requested', "requestedAt", 'requested', "requestedBy" FROM stored)
  SELECT "commandId" FROM stored`;

async function insertCommands(manager: EntityManager, rows: readonly Row[]): Promise<ReadonlySet<string>> {
  const source = unnest<Row>(rows, {
    ordinal: { type: 'int4', value: (row) => row.ordinal },
    principal: { type: 'text', value: (row) => row.key?.principal },
    key: { type: 'text', value: (row) => row.key?.key },
    bodyHash: { type: 'text', value: (row) => row.key?.bodyHash },
    commandId: { type: 'uuid', value: (row) => row.command.commandId },
    robotId: { type: 'text', value: (row) => row.command.robotId },
    commandType: { type: 'text', value: (row) => row.command.commandType },
    payloadJson: { type: 'jsonb', value: (row) => JSON.stringify(row.command.payloadJson) },
    requestedByUserId: { type: 'uuid', value: (row) => row.command.requestedByUserId },
    requestedAt: { type: 'timestamptz', value: (row) => row.command.requestedAt },
    status: { type: 'text', value: (row) => row.command.status },
    requestedBy: { type: 'text', value: (row) => row.command.requestedBy },
    expiresAt: { type: 'timestamptz', value: (row) => row.command.expiresAt },
    timeoutMs: { type: 'int8', value: (row) => row.command.timeoutMs },
    responseTimeoutMs: { type: 'int8', value: (row) => row.command.responseTimeoutMs },
    maxRetries: { type: 'int4', value: (row) => row.command.maxRetries },
    retryDelayMs: { type: 'int8', value: (row) => row.command.retryDelayMs },
    attempts: { type: 'int4', value: (row) => row.command.attempts },
    dueAt: { type: 'timestamptz', value: (row) => row.command.dueAt },
    deadlineAt: { type: 'timestamptz', value: (row) => row.command.deadlineAt },
    batchId: { type: 'uuid', value: (row) => row.command.batchId },
  });
  const stored = await manager.query<readonly { commandId: string }[]>(INSERT_COMMANDS(source.sql), [
    ...source.parameters,
  ]);
  return new Set(stored.map(({ commandId }) => commandId));
}

async function insertBatchKey(tx: EntityManager, batch: CommandBatch, key: IdempotencyKey): Promise<boolean> {
  const inserted = await tx.query<readonly unknown[]>(
    `INSERT INTO "commands"."idempotency_keys" ("principal", "key", "bodyHash", "batchId", "createdAt")
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING "key"`,
    [key.principal, key.key, key.bodyHash, batch.batchId, batch.requestedAt],
  );
  return inserted.length === 1;
}
