import { Injectable } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import { MAX_BATCH_ITEMS, MusterError, type TaskReport } from '#libs/contracts';
import { toMusterError } from '../http/error.filter.js';
import { createValidationPipe } from '../http/validation.pipe.js';
import { type Acknowledgement, TaskReports, unanswered } from './task.reports.js';
import { TaskStatusRequest, toStatusReport } from './task.reports.dto.js';
import type { TaskStatusListResponse, TaskStatusResultResponse } from './tasks.responses.js';

/** One report, or a list of at most 100 (decision C7). */
@Injectable()
export class TaskStatusReports {
  private readonly validation = createValidationPipe();

  constructor(private readonly reports: TaskReports) {}

  /** @throws MusterError `VALIDATION_FAILED` for a body that is neither; what a list holds fails item by item. */
  async take(body: unknown, caller: Principal): Promise<Acknowledgement | TaskStatusListResponse> {
    if (!Array.isArray(body)) return this.reports.send(toStatusReport(await this.check(body)), caller);
    if (body.length <= MAX_BATCH_ITEMS) return this.takeAll(body, caller);
    const details = { items: body.length, max: MAX_BATCH_ITEMS };
    throw new MusterError('PAYLOAD_TOO_LARGE', `A list has at most ${MAX_BATCH_ITEMS} reports.`, details);
  }

  private async takeAll(items: readonly unknown[], caller: Principal): Promise<TaskStatusListResponse> {
    const checked = await Promise.all(items.map((item) => this.read(item)));
    const good = [...checked.entries()].flatMap(([index, one]) => (one instanceof MusterError ? [] : [{ index, one }]));
    const outcomes = await this.reports.sendAll(
      good.map(({ one }) => one),
      caller,
    );
    const taken = new Map(good.map(({ index }, place) => [index, outcomes[place]]));
    const results = checked.map((one, index) => toResult(index, one instanceof MusterError ? one : taken.get(index)));
    const accepted = results.filter(({ acknowledged }) => acknowledged).length;
    return { acknowledged: true, results, accepted, failed: results.length - accepted };
  }

  private async read(item: unknown): Promise<TaskReport | MusterError> {
    try {
      return toStatusReport(await this.check(item));
    } catch (thrown) {
      return toMusterError(thrown);
    }
  }

  private async check(item: unknown): Promise<TaskStatusRequest> {
    const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
    const checked: unknown = isObject
      ? await this.validation.transform(item, { type: 'body', metatype: TaskStatusRequest })
      : undefined;
    if (checked instanceof TaskStatusRequest) return checked;
    const problems = ['must be one JSON object, or a list of them'];
    throw new MusterError('VALIDATION_FAILED', `The body ${problems[0]}.`, { fields: [{ field: 'body', problems }] });
  }
}

function toResult(index: number, outcome: Acknowledgement | MusterError | undefined): TaskStatusResultResponse {
  if (outcome && !(outcome instanceof MusterError)) return { index, ...outcome };
  const { code, message, details } = outcome ?? unanswered();
  return { index, acknowledged: false, error: { code, message, details } };
}
