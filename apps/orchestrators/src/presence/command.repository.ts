import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isUuid, type OrchestratorCommand } from '#libs/contracts';

/** At most so many commands in one answer; the others come with the next. */
const PER_ANSWER = 20;
/** An orchestrator that never acknowledges gets each command so often. */
const BLIND_HANDOUTS = 3;
const FORGET_AFTER_DAYS = 7;

interface CommandRow {
  readonly commandId: string;
  readonly sequence: string;
  readonly type: string;
  readonly bodyJson: Readonly<Record<string, unknown>>;
}

export interface NewCommand {
  readonly assignedId: string;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Commands that wait for heartbeats. An orchestrator that sends `acked_command_ids`, even an empty list, gets a command until it
 * is in the list; one that does not gets it three times, so that two lost answers lose nothing. A week ends all.
 */
@Injectable()
export class CommandRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Queues a command. The same one that no heartbeat has taken yet is not queued twice. */
  async add({ assignedId, type, body }: NewCommand): Promise<OrchestratorCommand> {
    const [row] = await this.dataSource.query<readonly CommandRow[]>(
      `WITH waiting AS (
         SELECT "commandId", "sequence", "type", "bodyJson" FROM "orchestrators"."orchestrator_commands"
         WHERE "assignedId" = $2 AND "type" = $3 AND "bodyJson" = $4::jsonb AND "handouts" = 0 LIMIT 1),
       added AS (
         INSERT INTO "orchestrators"."orchestrator_commands" ("commandId", "assignedId", "type", "bodyJson")
         SELECT $1, $2, $3, $4::jsonb WHERE NOT EXISTS (SELECT FROM waiting)
         RETURNING "commandId", "sequence", "type", "bodyJson")
       SELECT * FROM added UNION ALL SELECT * FROM waiting`,
      [randomUUID(), assignedId, type, JSON.stringify(body)],
    );
    if (!row) throw new Error(`command ${type} for ${assignedId} was not stored`);
    return toCommand(row);
  }

  async count(assignedId: string): Promise<number> {
    const [row] = await this.dataSource.query<readonly { waiting: number }[]>(
      `SELECT count(*)::int AS "waiting" FROM "orchestrators"."orchestrator_commands" WHERE "assignedId" = $1`,
      [assignedId],
    );
    return row?.waiting ?? 0;
  }

  /** Drops what is confirmed; `acked` is undefined for an orchestrator that never acknowledges. */
  async confirm(tx: EntityManager, assignedId: string, acked: readonly string[] | undefined): Promise<void> {
    await tx.query(
      `DELETE FROM "orchestrators"."orchestrator_commands"
       WHERE "assignedId" = $1
         AND ("commandId" = ANY($2::uuid[]) OR ($3 AND "handouts" >= $4)
              OR "createdAt" < now() - make_interval(days => $5))`,
      [assignedId, (acked ?? []).filter(isUuid), acked === undefined, BLIND_HANDOUTS, FORGET_AFTER_DAYS],
    );
  }

  /** Hands out the oldest commands, in order. */
  async handOut(tx: EntityManager, assignedId: string): Promise<readonly OrchestratorCommand[]> {
    const [rows] = await tx.query<[readonly CommandRow[], number]>(
      `UPDATE "orchestrators"."orchestrator_commands" SET "handouts" = "handouts" + 1
       WHERE "commandId" IN (
         SELECT "commandId" FROM "orchestrators"."orchestrator_commands"
         WHERE "assignedId" = $1 ORDER BY "sequence" LIMIT $2)
       RETURNING "commandId", "sequence", "type", "bodyJson"`,
      [assignedId, PER_ANSWER],
    );
    return [...rows].sort((a, b) => Number(a.sequence) - Number(b.sequence)).map(toCommand);
  }
}

function toCommand({ commandId, type, bodyJson }: CommandRow): OrchestratorCommand {
  return { ...bodyJson, command_id: commandId, type };
}
