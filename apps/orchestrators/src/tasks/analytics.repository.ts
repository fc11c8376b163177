import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  parseInstant,
  TASK_STATUSES,
  type TaskAnalyticsDto,
  type TaskAnalyticsQuery,
  type TaskFigures,
  type TaskGrouping,
  type TaskStatus,
} from '#libs/contracts';
import { firstTaskIdOf } from './task.id.js';

/** More than the days that may be asked for. */
const MAX_GROUPS = 500;
const PERCENTILES = [0.5, 0.9, 0.95, 0.99];

type CountRow = Readonly<Record<TaskStatus, number>>;

interface FiguresRow extends CountRow {
  readonly key: string | null;
  readonly isOverall: boolean;
  readonly total: number;
  readonly measured: number;
  readonly mean: number | null;
  readonly percentiles: readonly (number | null)[] | null;
}

const KEYS: Readonly<Record<TaskGrouping, string>> = {
  none: `NULL::text`,
  robot: `t."robotId"`,
  day: `to_char(t."createdAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
};
const SETS: Readonly<Record<TaskGrouping, string>> = { none: '()', robot: '(), ("key")', day: '(), ("key")' };
const ORDER: Readonly<Record<TaskGrouping, string>> = {
  none: '"key"',
  robot: '"total" DESC, "key"',
  day: '"key"',
};

/** Of completed tasks, from start to end: as the mall measured it, else between what it reported. */
const TOOK_S = `
  CASE WHEN t."status" = 'completed' THEN COALESCE(t."durationS", EXTRACT(EPOCH FROM
    t."finishedAt" - COALESCE(t."startedAt", t."assignedAt", t."createdAt"))::float8) END`;
const COUNTS = TASK_STATUSES.map((status) => `count(*) FILTER (WHERE "status" = '${status}') AS "${status}"`);

/** Counts and measures tasks of an interval in one statement over the index that it lies on. */
@Injectable()
export class AnalyticsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async analyse(query: TaskAnalyticsQuery): Promise<TaskAnalyticsDto> {
    const [first, end] = [query.from, query.to].map((at) => firstTaskIdOf(new Date(parseInstant(at))));
    const entity = query.entity_id === null ? [] : [query.entity_id];
    const rows = await this.dataSource.query<readonly FiguresRow[]>(analyticsSql(query), [
      first,
      end,
      PERCENTILES,
      MAX_GROUPS + 2,
      ...entity,
    ]);
    const overall = rows.find(({ isOverall }) => isOverall);
    const groups = rows.filter(({ isOverall }) => !isOverall);
    return {
      ...query,
      overall: toFigures(overall),
      groups: groups.slice(0, MAX_GROUPS).map((row) => ({ key: row.key, ...toFigures(row) })),
      truncated: groups.length > MAX_GROUPS,
    };
  }
}

/** Parameters: first id, id after the last, percentiles, rows, and the entity unless it is all of them. */
export function analyticsSql({ entity_id: entityId, group_by: grouping }: TaskAnalyticsQuery): string {
  const ofEntity = entityId === null ? '' : ` AND t."entityId" = $5`;
  const isOverall = grouping === 'none' ? 'true' : 'GROUPING("key") = 1';
  return `
    WITH chosen AS (
      SELECT t."status", ${KEYS[grouping]} AS "key", ${TOOK_S} AS "tookS" FROM "orchestrators"."tasks" t
      WHERE t."taskId" >= $1 AND t."taskId" < $2${ofEntity})
    SELECT ${grouping === 'none' ? 'NULL' : '"key"'} AS "key", ${isOverall} AS "isOverall", count(*) AS "total",
      ${COUNTS.join(', ')}, count("tookS") AS "measured", avg("tookS") AS "mean",
      percentile_cont($3::float8[]) WITHIN GROUP (ORDER BY "tookS") AS "percentiles"
    FROM chosen GROUP BY GROUPING SETS (${SETS[grouping]})
    ORDER BY "isOverall" DESC, ${ORDER[grouping]} LIMIT $4`;
}

function toFigures(row: FiguresRow | undefined): TaskFigures {
  const { total = 0, completed = 0, failed = 0, measured = 0, mean = null, percentiles = null } = row ?? {};
  const [p50 = null, p90 = null, p95 = null, p99 = null] = percentiles ?? [];
  const { queued = 0, assigned = 0, in_progress = 0, cancelled = 0 } = row ?? {};
  return {
    total,
    counts: { queued, assigned, in_progress, completed, failed, cancelled },
    success_rate: completed + failed === 0 ? null : completed / (completed + failed),
    completion_rate: total === 0 ? null : completed / total,
    duration_seconds: { count: measured, mean, p50, p90, p95, p99 },
  };
}
