import { AcceptRepository } from './accept.repository.js';
import { AnalyticsRepository } from './analytics.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import { OpenTasksMetrics } from './open-tasks.metrics.js';
import { RetentionRepository } from './retention.repository.js';
import { TaskAcceptor } from './task.acceptor.js';
import { TaskRepository } from './task.repository.js';
import { TaskService } from './task.service.js';
import { TaskSweeper } from './task.sweeper.js';
import { TasksSettings } from './tasks.settings.js';

/** Tasks, in the order of the flow. */
export const TASKS = [
  { provide: TasksSettings, useFactory: () => new TasksSettings() },
  TaskAcceptor,
  AcceptRepository,
  TaskService,
  LedgerRepository,
  TaskRepository,
  AnalyticsRepository,
  TaskSweeper,
  RetentionRepository,
  OpenTasksMetrics,
];
