import { Injectable } from '@nestjs/common';
import { type BatchDto, type BatchRequest, isRobotId, MusterError, type Requester } from '#libs/contracts';
import { AcceptRepository, type KnownKey } from './accept.repository.js';
import { type CommandBatch, type Refusal } from '../ledger/batch.entity.js';
import { keyReused, storageError, toCommand } from './command.acceptor.js';
import { CommandDispatcher } from '../dispatch/command.dispatcher.js';
import { newCommandId } from '../ledger/command.id.js';
import { type CommandTerms, refuseBad, toTerms } from '../ledger/command.policy.js';
import { CommandsSettings } from '../commands.settings.js';
import { bodyHashOf, type IdempotencyKey } from './idempotency.js';
import { RobotDirectory } from '../robot.directory.js';

export interface BatchOrder {
  readonly request: BatchRequest;
  readonly requester: Requester;
  readonly idempotencyKey?: string;
}

const MAX_ROBOTS = 1_000;

/** Takes one command for many robots: one row per robot that may have it, a recorded refusal for each other one. */
@Injectable()
export class BatchAcceptor {
  constructor(
    private readonly directory: RobotDirectory,
    private readonly repository: AcceptRepository,
    private readonly dispatcher: CommandDispatcher,
    private readonly settings: CommandsSettings,
  ) {}

  /**
   * Stores a batch, publishes its commands and answers its id.
   * @throws MusterError `VALIDATION_FAILED`, `IDEMPOTENCY_KEY_REUSED`.
   */
  async accept({ request, requester, idempotencyKey }: BatchOrder): Promise<BatchDto['batchId']> {
    const key = idempotencyKey === undefined ? null : keyOf(request, requester, idempotencyKey);
    const known = key ? await this.repository.findKey(key) : undefined;
    if (known) return replay(known, key);
    const terms = toTerms(request, this.settings, new Date());
    const robotIds = await this.robotsOf(request);
    const refusals = await this.refusalsOf(robotIds, terms.commandType);
    const batch = toBatch(terms, requester, { total: robotIds.length, refusals });
    return this.store(batch, this.commandsOf(batch, robotIds, { terms, requester }), key);
  }

  private async store(
    batch: CommandBatch,
    commands: readonly ReturnType<typeof toCommand>[],
    key: IdempotencyKey | null,
  ): Promise<string> {
    const accepted = await this.repository.insertBatch(batch, commands, key).catch((error: unknown) => {
      throw storageError(error);
    });
    if (accepted.outcome === 'known') return replay(accepted.known, key);
    for (const command of commands) this.dispatcher.dispatch(command);
    return batch.batchId;
  }

  private async robotsOf({ robotIds, tag }: BatchRequest): Promise<string[]> {
    if ((robotIds === undefined) === (tag === undefined)) {
      refuseBad([{ field: 'robotIds', problems: ['name either robotIds or a tag'] }]);
    }
    const ids = [...new Set(robotIds ?? (await this.directory.idsByTag(tag ?? '', MAX_ROBOTS + 1)))];
    const wrong = ids.filter((id) => !isRobotId(id));
    if (wrong.length > 0)
      refuseBad([{ field: 'robotIds', problems: [`${wrong.slice(0, 3).join(', ')}: no robot ids`] }]);
    const counted = ids.length <= MAX_ROBOTS && (tag !== undefined || ids.length > 0);
    if (!counted) {
      const problems = [`name 1 to ${String(MAX_ROBOTS)} robots`];
      refuseBad([{ field: tag === undefined ? 'robotIds' : 'tag', problems }]);
    }
    return ids;
  }

  private async refusalsOf(robotIds: readonly string[], commandType: string): Promise<Refusal[]> {
    const refusals = await Promise.all(
      robotIds.map(async (robotId) => {
        const refusal = await this.directory.refusalOf(robotId, commandType);
        return refusal ? [{ robotId, code: refusal.code, message: refusal.message }] : [];
      }),
    );
    return refusals.flat();
  }

  private commandsOf(
    { batchId, refusals }: CommandBatch,
    robotIds: readonly string[],
    { terms, requester }: { terms: CommandTerms; requester: Requester },
  ): ReturnType<typeof toCommand>[] {
    const refused = new Set(refusals.map(({ robotId }) => robotId));
    return robotIds
      .filter((robotId) => !refused.has(robotId))
      .map((robotId) => toCommand({ robotId, requester }, terms, this.settings.publishGraceMs, batchId));
  }
}

function keyOf(request: BatchRequest, { by }: Requester, key: string): IdempotencyKey {
  return { principal: by, key, bodyHash: bodyHashOf({ batch: request }) };
}

function toBatch(
  { commandType, requestedAt }: CommandTerms,
  { by }: Requester,
  { total, refusals }: { total: number; refusals: Refusal[] },
): CommandBatch {
  return { batchId: newCommandId(), commandType, requestedBy: by, requestedAt, total, refusals };
}

function replay({ bodyHash, batchId }: KnownKey, key: IdempotencyKey | null): string {
  if (bodyHash !== key?.bodyHash) throw keyReused(key);
  if (batchId === null) throw new MusterError('INTERNAL_ERROR', 'The idempotency key of a command stands for a batch.');
  return batchId;
}
