import type {
  DeliveryProof,
  JsonObject,
  TaskActualPath,
  TaskCoordinates,
  TaskEnd,
  TaskError,
  TaskHistoryKind,
  TaskPath,
  TaskStatus,
} from '#libs/contracts';

/** What the machine needs to know of a task. Instants of reports are the reporter's clock, never later than ours. */
export interface TaskState {
  readonly status: TaskStatus;
  readonly createdAt: Date;
  readonly deadlineAt: Date | null;
  readonly robotId: string | null;
  readonly assignedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Of the newest report whose progress, place or estimate was taken. */
  readonly reportedAt: Date | null;
  readonly progressPercent: number | null;
  readonly location: TaskCoordinates | null;
  readonly estimatedCompletionAt: Date | null;
  readonly estimatedDurationS: number | null;
  readonly path: TaskPath | null;
  readonly durationS: number | null;
  readonly actualPath: TaskActualPath | null;
  readonly proof: DeliveryProof | null;
  readonly error: TaskError | null;
  readonly reason: string | null;
}

interface Reported {
  /** Our clock. */
  readonly receivedAt: Date;
  readonly by: string;
  /** The reporter's clock; null when it did not say. */
  readonly at: Date | null;
  readonly robotId: string | null;
}

export interface AssignFact extends Reported {
  readonly type: 'assign';
  readonly robotId: string;
  readonly estimatedDurationS: number | null;
  readonly path: TaskPath | null;
}

export interface StatusFact extends Reported {
  readonly type: 'status';
  readonly status: TaskStatus;
  readonly progressPercent: number | null;
  readonly location: TaskCoordinates | null;
  readonly estimatedCompletionAt: Date | null;
  readonly error: TaskError | null;
}

export interface CompleteFact extends Reported {
  readonly type: 'complete';
  readonly status: TaskEnd;
  readonly durationS: number | null;
  readonly actualPath: TaskActualPath | null;
  readonly proof: DeliveryProof | null;
  readonly error: TaskError | null;
}

/** Something that happened to a task. */
export type TaskFact =
  | AssignFact
  | StatusFact
  | CompleteFact
  | { readonly type: 'cancel'; readonly receivedAt: Date; readonly by: string; readonly reason: string }
  | { readonly type: 'expire'; readonly receivedAt: Date };

/**
 * `applied`: it changed the task; `duplicate`: it says what is known; `late`: something newer or final was known; `taken`:
 * another robot has the task.
 */
export type Verdict = 'applied' | 'duplicate' | 'late' | 'taken';

export interface HistoryDraft {
  readonly at: Date;
  readonly kind: TaskHistoryKind;
  readonly by: string;
  readonly detail: JsonObject;
}

/** What a fact does to a task: the fields that change, and its one entry of the history. */
export interface Transition {
  readonly verdict: Verdict;
  readonly changes: Partial<TaskState>;
  /** Null when nothing is worth an entry. */
  readonly entry: HistoryDraft | null;
}

const FINAL: ReadonlySet<TaskStatus> = new Set<TaskEnd>(['completed', 'failed', 'cancelled']);

/** Whether nothing moves the task any more. */
export const isOver = (status: TaskStatus): status is TaskEnd => FINAL.has(status);
