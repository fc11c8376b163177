import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Outbox } from '#libs/outbox';
import { entityNotFound } from '../entities/entity-not-found.js';
import { enqueue } from '../orchestrators.outbox.js';
import { toJson, writeHistory } from './ledger.repository.js';
import { taskCreated, taskUpdated } from './task.events.js';
import { SELECT_TASKS, type TaskRow } from './task.row.js';
import { taskCounter } from './tasks.metrics.js';

/** What a key stands for already. */
export interface KnownTask {
  readonly task: TaskRow;
  readonly bodyHash: string;
}

export interface Acceptance {
  readonly task: TaskRow;
  /** Stands for caller and key; null without a key. */
  readonly creationKey: string | null;
  readonly bodyHash: string;
}

/** Stores a task with its first entry and its events: all of it, or nothing. */
@Injectable()
export class AcceptRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Answers what the key stands for when it is known, and nothing when the task was stored.
   * @throws MusterError `ENTITY_NOT_FOUND`.
   */
  async insert(acceptance: Acceptance): Promise<KnownTask | undefined> {
    const { creationKey } = acceptance;
    const isStored = await this.dataSource.transaction((tx) => store(tx, acceptance));
    if (!isStored) return creationKey === null ? undefined : this.find(creationKey);
    this.outbox.kick();
    taskCounter.inc({ status: 'created' });
    return undefined;
  }

  async find(creationKey: string): Promise<KnownTask | undefined> {
    const [row] = await this.dataSource.query<readonly (TaskRow & { bodyHash: string })[]>(
      `SELECT known.*, k."bodyHash" FROM (${SELECT_TASKS} WHERE t."creationKey" = $1) known
       JOIN "orchestrators"."tasks" k ON k."taskId" = known."taskId"`,
      [creationKey],
    );
    if (!row) return undefined;
    const { bodyHash, ...task } = row;
    return { task, bodyHash };
  }

  /** Lets the key mean something new. */
  async forget(creationKey: string): Promise<void> {
    await this.dataSource.query(`UPDATE "orchestrators"."tasks" SET "creationKey" = NULL WHERE "creationKey" = $1`, [
      creationKey,
    ]);
  }
}

async function store(tx: EntityManager, acceptance: Acceptance): Promise<boolean> {
  const { task } = acceptance;
  const entities = await tx.query<readonly unknown[]>(
    `SELECT 1 FROM "orchestrators"."entities" WHERE "entityId" = $1 FOR KEY SHARE`,
    [task.entityId],
  );
  if (entities.length === 0) throw entityNotFound(task.entityId);
  if (!(await insertTask(tx, acceptance))) return false;
  const { taskId, createdAt: at, createdBy: by, type, priority } = task;
  const detail = { status: task.status, type, priority };
  await writeHistory(tx, [{ taskId, ordinal: 1, dedupeKey: 'created', at, kind: 'created', by, detail }]);
  await enqueue(tx, [taskCreated(task), taskUpdated(task)]);
  return true;
}

async function insertTask(tx: EntityManager, { task, creationKey, bodyHash }: Acceptance): Promise<boolean> {
  const stored = await tx.query<readonly unknown[]>(
    `INSERT INTO "orchestrators"."tasks"
       ("taskId", "entityId", "type", "priority", "status", "source", "destination", "payload", "createdBy",
        "createdAt", "deadlineAt", "creationKey", "bodyHash", "toldAt", "updatedAt")
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $10, $10)
     ON CONFLICT ("creationKey") DO NOTHING RETURNING "taskId"`,
    [
      task.taskId,
      task.entityId,
      task.type,
      task.priority,
      task.status,
      toJson(task.source),
      toJson(task.destination),
      toJson(task.payload),
      task.createdBy,
      task.createdAt,
      task.deadlineAt,
      creationKey,
      bodyHash,
    ],
  );
  return stored.length === 1;
}
