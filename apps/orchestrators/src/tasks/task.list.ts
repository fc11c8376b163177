import { MAX_REPLY_BYTES, MusterError, parseInstant, type TaskDto, type TaskListQuery } from '#libs/contracts';
import { firstTaskIdOf } from './task.id.js';
import type { TaskCriteria } from './task.repository.js';

const MAX_PAGE = 200;
const TASK_ID = /^task-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Before and after every id. */
const [FIRST, END] = ['task-', 'task.'];

/**
 * What to look for: each reader finds what it may see. Ids rise with time, so an interval of time is one of ids.
 * @throws MusterError `CURSOR_INVALID`.
 */
export function toCriteria(query: TaskListQuery): TaskCriteria {
  const { reader, status = null, robot_id: robotId, entity_id: entityId = null, from, to, after } = query;
  const wanted = robotId === undefined ? null : [robotId];
  const end = to === undefined ? END : firstTaskIdOf(new Date(parseInstant(to)));
  const before = after === undefined ? END : requireCursor(after);
  const common = {
    status,
    first: from === undefined ? FIRST : firstTaskIdOf(new Date(parseInstant(from))),
    end: before < end ? before : end,
    limit: Math.min(Math.max(1, query.limit), MAX_PAGE),
  };
  switch (reader.as) {
    case 'operator':
    case 'viewer':
      return { ...common, entityId, robotIds: wanted, createdBy: null };
    case 'author':
      return { ...common, entityId, robotIds: wanted, createdBy: reader.by };
    case 'orchestrator':
      return { ...common, entityId: reader.entityId, robotIds: wanted, createdBy: null };
    case 'robot': {
      const own = reader.robotIds.filter((id) => robotId === undefined || id === robotId);
      return { ...common, entityId: reader.entityId ?? entityId, robotIds: own, createdBy: null };
    }
  }
}

/** The first tasks whose JSON fits into one reply, and at least one. */
export function toPage(tasks: readonly TaskDto[]): readonly TaskDto[] {
  let bytes = 0;
  const end = tasks.findIndex((task, index) => {
    bytes += Buffer.byteLength(JSON.stringify(task));
    return bytes > MAX_REPLY_BYTES && index > 0;
  });
  return end === -1 ? tasks : tasks.slice(0, end);
}

/** The cursor of the page after this one, when `found` were found. */
export function nextAfter(tasks: readonly TaskDto[], found: number): string | null {
  return tasks.length < found ? (tasks.at(-1)?.task_id ?? null) : null;
}

function requireCursor(after: string): string {
  if (TASK_ID.test(after)) return after;
  throw new MusterError('CURSOR_INVALID', 'The cursor is not one that this list gave out.', { after });
}
