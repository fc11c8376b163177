import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { toMusterError } from '../http/error.filter.js';
import { createValidationPipe } from '../http/validation.pipe.js';
import type { BatchItemResponse } from './batch.dto.js';
import { type BatchHandler, BatchTypes } from './batch.types.js';

const MAX_ID_CHARACTERS = 128;

/** Who uploads, and with which request. */
interface Upload {
  readonly caller: Principal;
  readonly request: FastifyRequest;
}

interface Item {
  readonly handler: BatchHandler;
  readonly report: object;
}

/**
 * Runs the items of a batch in their order, each as if its own route had been called: one that fails does not stop the rest.
 * Every report is idempotent by what it says, so a client that lost the answer sends the whole batch again.
 */
@Injectable()
export class BatchDispatcher {
  private readonly logger = new Logger('Batch');
  private readonly validation = createValidationPipe();

  constructor(private readonly types: BatchTypes) {}

  async dispatch(items: readonly unknown[], upload: Upload): Promise<readonly BatchItemResponse[]> {
    const results: BatchItemResponse[] = [];
    for (const [index, item] of items.entries()) {
      const id = idOf(item);
      results.push({ index, ...(id === undefined ? {} : { id }), ...(await this.take(item, upload)) });
    }
    return results;
  }

  private async take(item: unknown, { caller, request }: Upload): Promise<Omit<BatchItemResponse, 'index' | 'id'>> {
    try {
      const { handler, report } = this.read(item);
      const valid: unknown = await this.validation.transform(report, { type: 'body', metatype: handler.dto });
      const body = await handler.take(requireObject(valid, 'body'), caller, request);
      return { status: 'ok', http_status: handler.status, body };
    } catch (thrown) {
      const { status, code, message, details } = toMusterError(thrown);
      if (status === 500) this.logger.error({ event: 'batch_item_failed', error: thrown });
      return { status: 'error', http_status: status, error: { code, message, details } };
    }
  }

  private read(item: unknown): Item {
    const { id = null, type, body } = fieldsOf(requireObject(item, 'item'));
    if (id !== null && idOf(item) === undefined) throw refused('id', `must be a text of at most ${MAX_ID_CHARACTERS}`);
    const handler = typeof type === 'string' ? this.types.find(type) : undefined;
    if (!handler) throw refused('type', `must be one of ${this.types.names.join(', ')}`);
    return { handler, report: requireObject(body, 'body') };
  }
}

interface Fields {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly body?: unknown;
}

const fieldsOf = (value: Fields): Fields => value;

function idOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item) || typeof item.id !== 'string') return undefined;
  return item.id.length <= MAX_ID_CHARACTERS ? item.id : undefined;
}

function requireObject(value: unknown, field: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refused(field, 'must be one JSON object');
}

function refused(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
