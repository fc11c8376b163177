import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TaskHistoryEntry, TaskStatus } from '#libs/contracts';
import { SELECT_TASKS, type TaskRow } from './task.row.js';

/** Which tasks to list: those before `after`, with an id from `first` until before `end`. */
export interface TaskCriteria {
  readonly entityId: string | null;
  readonly status: TaskStatus | null;
  readonly robotIds: readonly string[] | null;
  readonly createdBy: string | null;
  readonly first: string;
  readonly end: string;
  readonly limit: number;
}

interface HistoryRow extends Omit<TaskHistoryEntry, 'at'> {
  readonly at: Date;
}

/** Reads tasks. */
@Injectable()
export class TaskRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(taskId: string): Promise<TaskRow | undefined> {
    const [row] = await this.dataSource.query<readonly TaskRow[]>(`${SELECT_TASKS} WHERE t."taskId" = $1`, [taskId]);
    return row;
  }

  /** The newest `limit` entries, oldest first. */
  async history(taskId: string, limit: number): Promise<readonly TaskHistoryEntry[]> {
    const rows = await this.dataSource.query<readonly HistoryRow[]>(
      `SELECT "at", "kind", "by", "detail" FROM "orchestrators"."task_history" WHERE "taskId" = $1
       ORDER BY "ordinal" DESC LIMIT $2`,
      [taskId, limit],
    );
    return rows.map((row) => ({ ...row, at: row.at.toISOString() })).toReversed();
  }

  /** Newest first. Only what is asked for is in the statement: each combination is planned by the index that fits it. */
  list(criteria: TaskCriteria): Promise<readonly TaskRow[]> {
    const { entityId, status, robotIds, createdBy, first, end, limit } = criteria;
    const parameters: unknown[] = [first, end, limit];
    const also = (sql: string, value: unknown): string =>
      value === null ? '' : ` AND ${sql.replace('?', `$${parameters.push(value)}`)}`;
    const conditions = [
      also('t."entityId" = ?', entityId),
      also('t."status" = ?', status),
      also('t."robotId" = ANY(?::text[])', robotIds),
      also('t."createdBy" = ?', createdBy),
    ].join('');
    return this.dataSource.query<readonly TaskRow[]>(
      `${SELECT_TASKS} WHERE t."taskId" >= $1 AND t."taskId" < $2${conditions} ORDER BY t."taskId" DESC LIMIT $3`,
      parameters,
    );
  }
}
