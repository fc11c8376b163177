import { canonicalJson, type JsonObject, type TaskHistoryKind, type TaskStatus } from '#libs/contracts';
import {
  type AssignFact,
  type CompleteFact,
  isOver,
  type StatusFact,
  type TaskFact,
  type TaskState,
  type Transition,
  type Verdict,
} from './task.state.js';

type Report = AssignFact | StatusFact | CompleteFact;
type Changes = Partial<TaskState>;

const MUSTER = 'muster';
const RANK: Readonly<Record<TaskStatus, number>> = {
  queued: 0,
  assigned: 1,
  in_progress: 2,
  completed: 3,
  failed: 3,
  cancelled: 3,
};

/**
 * The whole life of a task: forward only, whatever comes twice, late or in another order (decision C32). A task never goes
 * back to the queue: a robot that gives up fails it, and the work is ordered anew.
 */
export function transition(task: TaskState, fact: TaskFact): Transition {
  switch (fact.type) {
    case 'assign':
      return report(task, fact, assigned);
    case 'status':
      return report(task, fact, moved);
    case 'complete':
      return report(task, fact, completed);
    case 'cancel':
      return called(task, fact.receivedAt, { kind: 'cancelled', by: fact.by, reason: fact.reason });
    case 'expire':
      return expired(task, fact.receivedAt);
  }
}

interface Judged {
  readonly verdict: Verdict;
  readonly changes: Changes;
}

const LATE: Judged = { verdict: 'late', changes: {} };
const DUPLICATE: Judged = { verdict: 'duplicate', changes: {} };

function report<R extends Report>(task: TaskState, fact: R, judge: (task: TaskState, fact: R) => Judged): Transition {
  const isTaken = task.robotId !== null && fact.robotId !== null && fact.robotId !== task.robotId;
  const { verdict, changes } = isTaken ? ({ verdict: 'taken', changes: {} } as const) : judge(task, fact);
  const kind = kindOf(task, fact, verdict);
  const status = changes.status ?? task.status;
  const detail: JsonObject = {
    report: fact.type === 'assign' ? 'assigned' : fact.status,
    applied: verdict === 'applied',
    status,
    ...given({ robot_id: fact.robotId, timestamp: fact.at?.toISOString() ?? null, ...detailOf(fact) }),
  };
  return { verdict, changes, entry: { at: fact.receivedAt, kind, by: fact.by, detail } };
}

/** A robot that is known is never another one, and what the first assignment said stays. */
function assigned(task: TaskState, fact: AssignFact): Judged {
  if (isOver(task.status) && task.robotId === null) return LATE;
  if (task.assignedAt !== null) return DUPLICATE;
  const changes = {
    robotId: fact.robotId,
    assignedAt: instantOf(task, fact),
    estimatedDurationS: fact.estimatedDurationS,
    path: fact.path,
  };
  return { verdict: 'applied', changes: task.status === 'queued' ? { ...changes, status: 'assigned' } : changes };
}

function moved(task: TaskState, fact: StatusFact): Judged {
  if (isOver(task.status)) return task.status === fact.status ? DUPLICATE : LATE;
  const step = RANK[fact.status] - RANK[task.status];
  if (step < 0) return LATE;
  const changes = { ...(step > 0 ? advanced(task, fact) : {}), ...newest(task, fact) };
  if (Object.keys(changes).length > 0) return { verdict: 'applied', changes };
  return isOlder(task, fact) ? LATE : DUPLICATE;
}

function advanced(task: TaskState, fact: StatusFact): Changes {
  const at = instantOf(task, fact);
  const robot = fact.robotId === null ? {} : { robotId: fact.robotId };
  const { status } = fact;
  if (isOver(status)) return { ...robot, status, finishedAt: at, ...outcomeOf(fact) };
  if (status === 'in_progress') return { ...robot, status, startedAt: at };
  return { ...robot, status };
}

/**
 * Progress, place and estimate of the report whose clock is the newest so far; what it leaves out stays. Of two with the same
 * instant the one that came later counts.
 */
function newest(task: TaskState, fact: StatusFact): Changes {
  const { progressPercent, location, estimatedCompletionAt } = fact;
  const done: Changes = fact.status === 'completed' ? { progressPercent: 100 } : {};
  const said = given({ progressPercent, location, estimatedCompletionAt });
  if (isOlder(task, fact) || isKnown(task, fact, said)) return done;
  return { ...said, ...done, reportedAt: clockOf(fact) };
}

/** The same again at a later instant is news: what was said in between is then older. */
function isKnown(task: TaskState, fact: StatusFact, said: Changes): boolean {
  if (Object.keys(said).length === 0) return true;
  if (task.reportedAt === null || clockOf(fact) > task.reportedAt) return false;
  const { progressPercent, location, estimatedCompletionAt } = { ...task, ...said };
  const now = [task.progressPercent, task.location, task.estimatedCompletionAt];
  return canonicalJson([progressPercent, location, estimatedCompletionAt]) === canonicalJson(now);
}

function isOlder({ reportedAt }: TaskState, fact: StatusFact): boolean {
  return reportedAt !== null && clockOf(fact) < reportedAt;
}

/** Either report ends the task; the fuller one adds its proof later. */
function completed(task: TaskState, fact: CompleteFact): Judged {
  const { status } = fact;
  if (isOver(task.status)) return task.status === status ? supplemented(task, fact) : LATE;
  const ends = {
    status,
    finishedAt: instantOf(task, fact),
    ...(fact.robotId === null ? {} : { robotId: fact.robotId }),
    ...(status === 'completed' ? { progressPercent: 100 } : {}),
    ...outcomeOf(fact),
  };
  return { verdict: 'applied', changes: { ...ends, ...sayings(fact) } };
}

function supplemented(task: TaskState, fact: CompleteFact): Judged {
  const missing: Changes = {
    ...(task.durationS === null ? given({ durationS: fact.durationS }) : {}),
    ...(task.actualPath === null ? given({ actualPath: fact.actualPath }) : {}),
    ...(task.proof === null ? given({ proof: fact.proof }) : {}),
    ...(task.error === null ? given({ error: fact.error }) : {}),
    ...(task.robotId === null ? given({ robotId: fact.robotId }) : {}),
  };
  return Object.keys(missing).length === 0 ? DUPLICATE : { verdict: 'applied', changes: missing };
}

const sayings = ({ durationS, actualPath, proof }: CompleteFact): Changes => given({ durationS, actualPath, proof });

function outcomeOf({ status, error }: StatusFact | CompleteFact): Changes {
  if (status === 'failed') return { error };
  return status === 'cancelled' ? { error, reason: error?.message ?? 'cancelled in the mall' } : {};
}

interface Calling {
  readonly kind: 'cancelled' | 'expired';
  readonly by: string;
  readonly reason: string;
}

function called(task: TaskState, at: Date, { kind, by, reason }: Calling): Transition {
  if (isOver(task.status)) return { verdict: 'late', changes: {}, entry: null };
  const entry = { at, kind, by, detail: { from: task.status, status: 'cancelled', reason } };
  return { verdict: 'applied', changes: { status: 'cancelled', finishedAt: at, reason }, entry };
}

/** Who has the task by then is trusted to do it: only a task that waits is called off. */
function expired(task: TaskState, at: Date): Transition {
  const isStale = task.status === 'queued' && task.deadlineAt !== null && at >= task.deadlineAt;
  if (!isStale) return { verdict: 'late', changes: {}, entry: null };
  return called(task, at, { kind: 'expired', by: MUSTER, reason: 'expired' });
}

function kindOf(task: TaskState, fact: Report, verdict: Verdict): TaskHistoryKind {
  if (verdict === 'taken') return 'refused';
  if (verdict !== 'applied') return verdict;
  if (fact.type === 'assign') return 'assigned';
  if (isOver(task.status)) return 'proof';
  if (isOver(fact.status)) return 'ended';
  if (RANK[fact.status] === RANK[task.status]) return 'progress';
  return fact.status === 'assigned' ? 'assigned' : 'started';
}

function detailOf(fact: Report): object {
  if (fact.type === 'assign') return { estimated_duration_seconds: fact.estimatedDurationS };
  if (fact.type === 'complete') return { duration_seconds: fact.durationS, error: fact.error };
  return { progress_percent: fact.progressPercent, current_location: fact.location, error: fact.error };
}

/** A clock that is ahead would be the newest for ever. */
function clockOf({ at, receivedAt }: Report): Date {
  return at === null || at > receivedAt ? receivedAt : at;
}

/** Nothing happened to a task before it was made, whatever the reporter's clock says. */
function instantOf({ createdAt }: TaskState, fact: Report): Date {
  const at = clockOf(fact);
  return at < createdAt ? createdAt : at;
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

function given<T extends object>(fields: T): Given<T>;
function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
