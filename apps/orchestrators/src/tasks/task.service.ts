import { Injectable } from '@nestjs/common';
import {
  MusterError,
  type TaskDetailDto,
  type TaskListQuery,
  type TaskPage,
  type TaskReader,
  type TaskReport,
  type TaskReporter,
  type TaskReportOutcome,
} from '#libs/contracts';
import { LedgerRepository } from './ledger.repository.js';
import { mayRead, mayReport, seenBy, taskNotFound } from './task.access.js';
import { nextAfter, toCriteria, toPage } from './task.list.js';
import { toFact, toOutcome } from './task.reports.js';
import { TaskRepository } from './task.repository.js';
import { toTaskDto } from './task.row.js';

const HISTORY_SHOWN = 300;

/** What may be done with a task that exists: reports from the mall, calling it off, and reading it. */
@Injectable()
export class TaskService {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly tasks: TaskRepository,
  ) {}

  /** One outcome per report, in their order; what is refused does not keep the others back. */
  async report(reporter: TaskReporter, reports: readonly TaskReport[]): Promise<readonly TaskReportOutcome[]> {
    const reception = { receivedAt: new Date(), by: reporter.by };
    const applied = await this.ledger.apply(
      reports.map((report) => ({
        taskId: report.task_id,
        fact: toFact(report, reception),
        admits: (task) => mayReport(reporter, task),
      })),
    );
    return reports.map(({ task_id: taskId }, index) => toOutcome(taskId, applied[index]));
  }

  /** @throws MusterError `TASK_NOT_FOUND`, or `TASK_FINAL` when it is over. */
  async cancel(reader: TaskReader, taskId: string, reason: string): Promise<TaskDetailDto> {
    const fact = { type: 'cancel', receivedAt: new Date(), by: reader.by, reason } as const;
    const [applied] = await this.ledger.apply([{ taskId, fact, admits: (task) => mayRead(reader, task) }]);
    if (!applied || applied.verdict === 'unknown') throw taskNotFound(taskId);
    if (applied.verdict === 'applied') return this.get(reader, taskId);
    const { status } = applied.task;
    throw new MusterError('TASK_FINAL', `Task ${taskId} is ${status} already.`, { task_id: taskId, status });
  }

  /** @throws MusterError `TASK_NOT_FOUND`, also for a task that the reader may not see. */
  async get(reader: TaskReader, taskId: string): Promise<TaskDetailDto> {
    const task = await this.tasks.find(taskId);
    if (!task || !mayRead(reader, task)) throw taskNotFound(taskId);
    return { ...seenBy(reader, toTaskDto(task)), history: await this.tasks.history(taskId, HISTORY_SHOWN) };
  }

  /**
   * A page, newest first; shorter than asked for when it would be too large, with `next` wherever there is more.
   * @throws MusterError `CURSOR_INVALID`.
   */
  async list(query: TaskListQuery): Promise<TaskPage> {
    const criteria = toCriteria(query);
    const rows = await this.tasks.list({ ...criteria, limit: criteria.limit + 1 });
    const tasks = toPage(rows.slice(0, criteria.limit).map((row) => seenBy(query.reader, toTaskDto(row))));
    return { tasks, next: nextAfter(tasks, rows.length) };
  }
}
