import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CommandBatch } from './batch.entity.js';
import { RobotCommand } from './command.entity.js';
import { TimelineRow } from './timeline.entity.js';

/** Where a page ends: the next one holds what is older. */
export interface PageEnd {
  readonly requestedAt: Date;
  readonly commandId: string;
}

export interface CommandQuery {
  readonly robotId: string;
  readonly status?: string;
  readonly after?: PageEnd;
  readonly limit: number;
}

/** Reads the ledger. */
@Injectable()
export class CommandRepository {
  constructor(private readonly dataSource: DataSource) {}

  find(commandId: string): Promise<RobotCommand | null> {
    return this.dataSource.manager.findOneBy(RobotCommand, { commandId });
  }

  /** The first entry and the newest others, `limit` in all, in no order. */
  timeline(commandId: string, limit: number): Promise<TimelineRow[]> {
    return this.dataSource.query<TimelineRow[]>(
      `SELECT * FROM "commands"."command_timeline" WHERE "commandId" = $1
       ORDER BY "dedupeKey" = 'requested' DESC, "ordinal" DESC LIMIT $2`,
      [commandId, limit],
    );
  }

  /** Newest first. */
  list({ robotId, status, after, limit }: CommandQuery): Promise<RobotCommand[]> {
    return this.dataSource.query<RobotCommand[]>(
      `SELECT * FROM "commands"."robot_command_log"
       WHERE "robotId" = $1 AND ($2::text IS NULL OR "status" = $2)
         AND ("requestedAt", "commandId") < (COALESCE($3::timestamptz, 'infinity'), COALESCE($4::uuid, $5::uuid))
       ORDER BY "requestedAt" DESC, "commandId" DESC LIMIT $6`,
      [robotId, status ?? null, after?.requestedAt ?? null, after?.commandId ?? null, LARGEST_UUID, limit],
    );
  }

  findBatch(batchId: string): Promise<CommandBatch | null> {
    return this.dataSource.manager.findOneBy(CommandBatch, { batchId });
  }

  commandsOfBatch(batchId: string): Promise<Pick<RobotCommand, 'robotId' | 'commandId' | 'status'>[]> {
    return this.dataSource.query(
      `SELECT "robotId", "commandId", "status" FROM "commands"."robot_command_log" WHERE "batchId" = $1`,
      [batchId],
    );
  }
}

const LARGEST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
