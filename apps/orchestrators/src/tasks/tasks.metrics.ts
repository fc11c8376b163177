import { Counter, Gauge, register } from 'prom-client';

/** Completed by created is the documents' task completion rate (orchestrators.txt 10.1). */
export const taskCounter = new Counter({
  name: 'muster_tasks_total',
  help: 'Tasks of malls by what became of them: created, completed, failed, cancelled',
  labelNames: ['status'],
  registers: [register],
});

export const openTasks = new Gauge({
  name: 'muster_tasks_open',
  help: 'Tasks of malls that are not over by status, as of the last ten seconds; the same on every replica',
  labelNames: ['status'],
  registers: [register],
});
