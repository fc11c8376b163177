import { Controller } from '@nestjs/common';
import {
  type TaskAnalyticsDto,
  type TaskAnalyticsQuery,
  type TaskDetailDto,
  type TaskDto,
  type TaskListQuery,
  type TaskPage,
  type TaskReader,
  type TaskReport,
  type TaskReporter,
  type TaskReportOutcome,
  TASKS_REQUESTS,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { AnalyticsRepository } from './analytics.repository.js';
import { type OrderRequest, TaskAcceptor } from './task.acceptor.js';
import { TaskService } from './task.service.js';

/** Answers the gateway about tasks. */
@Controller()
export class TasksResponder {
  constructor(
    private readonly acceptor: TaskAcceptor,
    private readonly tasks: TaskService,
    private readonly analytics: AnalyticsRepository,
  ) {}

  @Answers(TASKS_REQUESTS.create)
  create(request: OrderRequest): Promise<TaskDto> {
    return this.acceptor.accept(request);
  }

  @Answers(TASKS_REQUESTS.report)
  report(request: { reporter: TaskReporter; reports: readonly TaskReport[] }): Promise<readonly TaskReportOutcome[]> {
    return this.tasks.report(request.reporter, request.reports);
  }

  @Answers(TASKS_REQUESTS.cancel)
  cancel(request: { reader: TaskReader; task_id: string; reason: string }): Promise<TaskDetailDto> {
    return this.tasks.cancel(request.reader, request.task_id, request.reason);
  }

  @Answers(TASKS_REQUESTS.get)
  get(request: { reader: TaskReader; task_id: string }): Promise<TaskDetailDto> {
    return this.tasks.get(request.reader, request.task_id);
  }

  @Answers(TASKS_REQUESTS.list)
  list(query: TaskListQuery): Promise<TaskPage> {
    return this.tasks.list(query);
  }

  @Answers(TASKS_REQUESTS.analytics)
  analyse(query: TaskAnalyticsQuery): Promise<TaskAnalyticsDto> {
    return this.analytics.analyse(query);
  }
}
