import { parseInstant, type TaskListQuery, type TaskReader, type TimeRange } from '#libs/contracts';
import { invalid } from '../telemetry/interval.js';
import type { TaskAnalyticsRequest, TaskListRequest } from './tasks.dto.js';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 7;
const MAX_DAYS = 366;

/**
 * The interval to analyse: seven days until now unless told.
 * @throws MusterError `VALIDATION_FAILED` for one that ends before it begins, or is over a year long.
 */
export function toTaskInterval({ from, to }: Pick<TaskAnalyticsRequest, 'from' | 'to'>, now: Date): TimeRange {
  const toMs = to === undefined ? now.getTime() : parseInstant(to);
  const fromMs = from === undefined ? toMs - USUAL_DAYS * DAY_MS : parseInstant(from);
  if (fromMs > toMs) throw invalid('from', 'from must not be later than to');
  if (toMs - fromMs > MAX_DAYS * DAY_MS) throw invalid('from', `at most ${MAX_DAYS} days can be analysed at once`);
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** Only what was asked for: an omitted filter is none. */
export function toListQuery(query: TaskListRequest, reader: TaskReader): TaskListQuery {
  const { entity_id, status, robot_id, from, to, limit, after } = query;
  return {
    reader,
    limit,
    ...(entity_id === undefined ? {} : { entity_id }),
    ...(status === undefined ? {} : { status }),
    ...(robot_id === undefined ? {} : { robot_id }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(after === undefined ? {} : { after }),
  };
}
