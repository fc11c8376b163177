import { Injectable } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import {
  type ErrorDetails,
  MusterError,
  ROBOTS_REQUESTS,
  type TaskReport,
  TASKS_REQUESTS,
  type TaskStatus,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { ownReport, reporterOf } from './task.callers.js';

const TIMEOUT_MS = 15_000;

/** A report that was taken. */
export interface Acknowledgement {
  readonly acknowledged: true;
  readonly task_id: string;
  /** Only of a report that came too late to change anything: the state that the task has. */
  readonly applied?: false;
  readonly status?: TaskStatus;
}

/** Hands what malls report to the service. */
@Injectable()
export class TaskReports {
  constructor(private readonly rpc: RpcClient) {}

  /** @throws MusterError `TASK_NOT_FOUND`, `TASK_ALREADY_ASSIGNED`, `ROBOT_DISABLED`, `ENTITY_ACCESS_DENIED`. */
  async send(report: TaskReport, caller: Principal): Promise<Acknowledgement> {
    const [outcome] = await this.sendAll([report], caller);
    if (outcome instanceof MusterError) throw outcome;
    if (outcome) return outcome;
    throw unanswered();
  }

  /** One outcome per report, in their order. @throws MusterError `ROBOT_DISABLED`, `ENTITY_ACCESS_DENIED`. */
  async sendAll(
    reports: readonly TaskReport[],
    caller: Principal,
  ): Promise<readonly (Acknowledgement | MusterError)[]> {
    if (reports.length === 0) return [];
    const reporter = reporterOf(caller);
    if (caller.scope?.role === 'robot') await this.requireEnabled(caller.id);
    const own = reports.map((report) => ownReport(report, reporter));
    const outcomes = await this.rpc.ask(TASKS_REQUESTS.report, { reporter, reports: own }, TIMEOUT_MS);
    return outcomes.map((outcome) => {
      const { task_id } = outcome;
      if ('error' in outcome) return toError(outcome.error);
      const { applied, status } = outcome;
      return { acknowledged: true, task_id, ...(applied ? {} : { applied, status }) };
    });
  }

  /** A robot that is taken out of service keeps its token and is not heard until it is back. */
  private async requireEnabled(robotId: string): Promise<void> {
    const [robot] = await this.rpc.ask(ROBOTS_REQUESTS.dispatchability, { robotIds: [robotId] });
    if (!robot?.exists || robot.isEnabled) return;
    throw new MusterError('ROBOT_DISABLED', `Robot ${robotId} is disabled.`, { robotId });
  }
}

/** The service answers every report; one without an answer is a failure of ours. */
export const unanswered = (): MusterError =>
  new MusterError('INTERNAL_ERROR', 'The service answered nothing about the report.');

function toError(error: {
  code: 'TASK_NOT_FOUND' | 'TASK_ALREADY_ASSIGNED';
  message: string;
  details: ErrorDetails;
}): MusterError {
  return new MusterError(error.code, error.message, error.details);
}
