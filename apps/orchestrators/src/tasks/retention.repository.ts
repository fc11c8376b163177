import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { firstTaskIdOf } from './task.id.js';

/** Forgets what is too old, oldest first, `limit` at a time; each method answers how many. Replicas pass over each other's. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Tasks that were made before and are over; their histories go with them. */
  async pruneTasks(before: Date, limit: number): Promise<number> {
    const [, deleted] = await this.dataSource.query<readonly [unknown, number]>(
      `DELETE FROM "orchestrators"."tasks" WHERE "taskId" IN (
         SELECT "taskId" FROM "orchestrators"."tasks"
         WHERE "taskId" < $1 AND "status" IN ('completed', 'failed', 'cancelled')
         ORDER BY "taskId" LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [firstTaskIdOf(before), limit],
    );
    return deleted;
  }

  /** Idempotency keys of tasks that were made before. */
  async pruneKeys(before: Date, limit: number): Promise<number> {
    const [, forgotten] = await this.dataSource.query<readonly [unknown, number]>(
      `UPDATE "orchestrators"."tasks" SET "creationKey" = NULL WHERE "taskId" IN (
         SELECT "taskId" FROM "orchestrators"."tasks" WHERE "creationKey" IS NOT NULL AND "taskId" < $1
         ORDER BY "taskId" LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)`,
      [firstTaskIdOf(before), limit],
    );
    return forgotten;
  }
}
