import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { contentHashOf, MusterError, parseInstant, type TaskDto, type TaskOrder } from '#libs/contracts';
import { AcceptRepository, type KnownTask } from './accept.repository.js';
import { newTaskId } from './task.id.js';
import { type TaskRow, toTaskDto } from './task.row.js';

const MAX_PAYLOAD_BYTES = 32_768;
/** For how long the same key means the same task (decision C35). */
const KEY_LIFE_MS = 86_400_000;
/** A key may be forgotten between being in the way and being looked at. */
const TRIES = 3;

export interface OrderRequest {
  readonly order: TaskOrder;
  readonly by: string;
  readonly idempotencyKey?: string;
}

/** Takes orders: checks, stores, and only then answers; the outbox tells the mall. */
@Injectable()
export class TaskAcceptor {
  constructor(private readonly repository: AcceptRepository) {}

  /** @throws MusterError `VALIDATION_FAILED`, `ENTITY_NOT_FOUND`, `IDEMPOTENCY_KEY_REUSED`. */
  async accept({ order, by, idempotencyKey }: OrderRequest): Promise<TaskDto> {
    const bodyHash = contentHashOf(order);
    const creationKey = idempotencyKey === undefined ? null : keyOf(by, idempotencyKey);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const now = new Date();
      // What was accepted once is answered again, even if it would be refused now.
      const known = creationKey === null ? undefined : await this.repository.find(creationKey);
      if (known && creationKey !== null && isForgotten(known, now)) await this.repository.forget(creationKey);
      else if (known) return replay(known, bodyHash);
      const task = toTask(order, by, now);
      if (!(await this.repository.insert({ task, creationKey, bodyHash }))) return toTaskDto(task);
    }
    throw new MusterError('REQUEST_IN_FLIGHT', 'Another request with this key is under way. Try again.');
  }
}

const keyOf = (by: string, key: string): string =>
  createHash('sha256')
    .update(JSON.stringify([by, key]))
    .digest('hex');

const isForgotten = ({ task }: KnownTask, now: Date): boolean =>
  now.getTime() - task.createdAt.getTime() >= KEY_LIFE_MS;

function replay({ task, bodyHash }: KnownTask, wanted: string): TaskDto {
  if (bodyHash === wanted) return toTaskDto(task);
  throw new MusterError('IDEMPOTENCY_KEY_REUSED', 'This X-Idempotency-Key made another task.', {
    task_id: task.taskId,
  });
}

function toTask(order: TaskOrder, by: string, now: Date): TaskRow {
  const { entity_id: entityId, type, priority, source, destination, payload, deadline } = order;
  const payloadBytes = Buffer.byteLength(JSON.stringify(payload));
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw refused('payload', `has ${payloadBytes} bytes of ${MAX_PAYLOAD_BYTES}`);
  const deadlineAt = deadline === null ? null : new Date(parseInstant(deadline));
  if (deadlineAt && deadlineAt <= now) throw refused('deadline', 'must be in the future');
  const asked = { entityId, type, priority, source, destination, payload, deadlineAt, createdBy: by };
  return { ...UNTOUCHED, ...asked, taskId: newTaskId(now), createdAt: now, toldAt: now, updatedAt: now };
}

const UNTOUCHED = {
  status: 'queued',
  robotId: null,
  assignedAt: null,
  startedAt: null,
  finishedAt: null,
  reportedAt: null,
  progressPercent: null,
  location: null,
  estimatedCompletionAt: null,
  estimatedDurationS: null,
  path: null,
  durationS: null,
  actualPath: null,
  proof: null,
  error: null,
  reason: null,
  version: 1,
} as const;

function refused(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
