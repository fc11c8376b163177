import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RobotReportDto } from '#libs/contracts';
import { unnest } from '#libs/database';
import type { Arrival, StreamPosition } from '#libs/jetstream';

/** A status as it came. */
export interface StatusMessage extends Arrival {
  readonly text: string;
}

/** Keeps the newest status of each robot by stream position; older ones change nothing. */
export async function storeStatuses(tx: EntityManager, messages: readonly StatusMessage[]): Promise<void> {
  const rows = unnest(newestOf(messages), {
    robotId: { type: 'text', value: (message) => message.robotId },
    payloadJson: { type: 'jsonb', value: (message) => message.text },
    receivedAt: { type: 'timestamptz', value: (message) => message.receivedAt },
    streamEpochMs: { type: 'int8', value: (message) => message.position.epochMs },
    streamSequence: { type: 'int8', value: (message) => message.position.sequence },
  });
  await tx.query(
    `INSERT INTO "robots"."robot_status" AS s ("robotId", "payloadJson", "receivedAt", "streamEpochMs", "streamSequence")
     SELECT r.* FROM ${rows.sql} ORDER BY r."robotId"
     ON CONFLICT ("robotId") DO UPDATE SET
       "payloadJson" = excluded."payloadJson", "receivedAt" = excluded."receivedAt",
       "streamEpochMs" = excluded."streamEpochMs", "streamSequence" = excluded."streamSequence"
     WHERE (s."streamEpochMs", s."streamSequence") < (excluded."streamEpochMs", excluded."streamSequence")`,
    [...rows.parameters],
  );
}

function newestOf(messages: readonly StatusMessage[]): readonly StatusMessage[] {
  const newest = new Map<string, StatusMessage>();
  for (const message of messages) {
    const known = newest.get(message.robotId);
    if (!known || isNewer(message.position, known.position)) newest.set(message.robotId, message);
  }
  return [...newest.values()];
}

function isNewer(one: StreamPosition, other: StreamPosition): boolean {
  return one.epochMs === other.epochMs ? one.sequence > other.sequence : one.epochMs > other.epochMs;
}

@Injectable()
export class StatusRepository {
  constructor(private readonly dataSource: DataSource) {}

  async latest(robotId: string): Promise<RobotReportDto | undefined> {
    const [row] = await this.dataSource.query<readonly { receivedAt: Date; payload: RobotReportDto['payload'] }[]>(
      `SELECT "receivedAt", "payloadJson" -> 'payload' AS "payload" FROM "robots"."robot_status" WHERE "robotId" = $1`,
      [robotId],
    );
    return row && { robotId, receivedAt: row.receivedAt.toISOString(), payload: row.payload };
  }
}
