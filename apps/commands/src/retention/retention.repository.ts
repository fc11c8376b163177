import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { firstCommandIdOf } from '../ledger/command.id.js';

/** Deletes what is too old, oldest first, `limit` at a time; each method answers how many. Replicas pass over each other's. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly dataSource: DataSource) {}

  async pruneKeys(before: Date, limit: number): Promise<number> {
    return this.count(
      `DELETE FROM "commands"."idempotency_keys" WHERE ("principal", "key") IN (
         SELECT "principal", "key" FROM "commands"."idempotency_keys" WHERE "createdAt" < $1
         LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [before, limit],
    );
  }

  /** Commands that were asked for before, are final, and need nothing more; their timelines go with them. */
  async pruneCommands(before: Date, limit: number): Promise<number> {
    return this.count(
      `WITH old AS (
         SELECT "commandId" FROM "commands"."robot_command_log"
         WHERE "commandId" < $1 AND "dueAt" IS NULL AND "status" IN ('COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED')
         ORDER BY "commandId" LIMIT $2 FOR UPDATE SKIP LOCKED),
       entries AS (
         DELETE FROM "commands"."command_timeline" t USING old WHERE t."commandId" = old."commandId")
       DELETE FROM "commands"."robot_command_log" c USING old WHERE c."commandId" = old."commandId"`,
      [firstCommandIdOf(before), limit],
    );
  }

  /** Batches of which no command is left. */
  async pruneBatches(before: Date, limit: number): Promise<number> {
    return this.count(
      `DELETE FROM "commands"."command_batches" WHERE "batchId" IN (
         SELECT b."batchId" FROM "commands"."command_batches" b
         WHERE b."batchId" < $1
           AND NOT EXISTS (SELECT FROM "commands"."robot_command_log" c WHERE c."batchId" = b."batchId")
         ORDER BY b."batchId" LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [firstCommandIdOf(before), limit],
    );
  }

  private async count(sql: string, parameters: readonly unknown[]): Promise<number> {
    const [, deleted] = await this.dataSource.query<readonly [unknown, number]>(sql, [...parameters]);
    return deleted;
  }
}
