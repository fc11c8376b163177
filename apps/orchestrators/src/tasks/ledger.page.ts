import { contentHashOf } from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';
import { taskCancelled, taskUpdated } from './task.events.js';
import { transition } from './task.machine.js';
import type { TaskRow } from './task.row.js';
import { type HistoryDraft, isOver, type TaskFact, type Verdict } from './task.state.js';

/** One fact about one task. */
export interface LedgerFact {
  readonly taskId: string;
  readonly fact: TaskFact;
  /** Whether whoever says it may speak of the task; to others it does not exist. */
  readonly admits: (task: TaskRow) => boolean;
}

/** What became of a fact, and the task after it. */
export type Applied = { readonly verdict: 'unknown' } | { readonly verdict: Verdict; readonly task: TaskRow };

/** An entry of a task's history; a report that is sent again has the key that it had. */
export interface HistoryRow extends HistoryDraft {
  readonly taskId: string;
  readonly ordinal: number;
  readonly dedupeKey: string;
}

/** Tasks while facts are applied to them: what changed, what is recorded, and who is told. */
export class LedgerPage {
  /** Keyed by task id. */
  private readonly tasks: Map<string, TaskRow>;
  /** Ids of tasks that are to be written. */
  private readonly touched = new Set<string>();
  /** Ids of tasks of which people are told. */
  private readonly told = new Set<string>();
  /** Keyed by task id and dedupe key. */
  private readonly entries = new Map<string, HistoryRow>();
  private readonly cancellations: Outgoing[] = [];
  /** Tasks that came to an end here. */
  readonly ended: TaskRow[] = [];

  constructor(
    rows: readonly TaskRow[],
    private readonly progressEventMs: number,
  ) {
    this.tasks = new Map(rows.map((row) => [row.taskId, row]));
  }

  get changed(): readonly TaskRow[] {
    return [...this.touched].flatMap((taskId) => this.tasks.get(taskId) ?? []);
  }

  get history(): readonly HistoryRow[] {
    return [...this.entries.values()];
  }

  get outgoing(): readonly Outgoing[] {
    const told = [...this.told].flatMap((taskId) => this.tasks.get(taskId) ?? []);
    return [...this.cancellations, ...told.map(taskUpdated)];
  }

  take({ taskId, fact, admits }: LedgerFact): Applied {
    const task = this.tasks.get(taskId);
    if (!task || !admits(task)) return { verdict: 'unknown' };
    const { verdict, changes, entry } = transition(task, fact);
    // What says nothing new is no entry: a queue that is sent again leaves no trace.
    if (!entry || verdict === 'duplicate') return { verdict, task };
    const version = task.version + 1;
    const next =
      verdict === 'applied' ? { ...task, ...changes, version, updatedAt: fact.receivedAt } : { ...task, version };
    this.record(next, fact, entry);
    if (verdict !== 'applied') return { verdict, task: this.keep(next) };
    return { verdict, task: this.keep(this.announce(task, next, fact)) };
  }

  private keep(task: TaskRow): TaskRow {
    this.tasks.set(task.taskId, task);
    this.touched.add(task.taskId);
    return task;
  }

  private record({ taskId, version }: TaskRow, fact: TaskFact, entry: HistoryDraft): void {
    const { receivedAt: _, ...said } = fact;
    const dedupeKey = contentHashOf(JSON.parse(JSON.stringify(said)));
    const key = `${taskId}/${dedupeKey}`;
    if (this.entries.has(key) && entry.kind === 'late') return;
    this.entries.set(key, { ...entry, taskId, ordinal: version, dedupeKey });
  }

  /** Every change of state is told at once, mere progress now and then. */
  private announce(before: TaskRow, task: TaskRow, fact: TaskFact): TaskRow {
    const isMove = task.status !== before.status || task.robotId !== before.robotId;
    if (task.status !== before.status && isOver(task.status)) this.ended.push(task);
    if (fact.type === 'cancel' || fact.type === 'expire') {
      this.cancellations.push(taskCancelled(task, fact.receivedAt));
    }
    const sinceToldMs = fact.receivedAt.getTime() - task.toldAt.getTime();
    if (!isMove && sinceToldMs < this.progressEventMs) return task;
    this.told.add(task.taskId);
    return { ...task, toldAt: fact.receivedAt };
  }
}
