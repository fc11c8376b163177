import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  type CommandAccepted,
  type CommandRequest,
  isUuid,
  MusterError,
  type Requester,
  requireRobotId,
} from '#libs/contracts';
import { isDataError, MicroBatch } from '#libs/database';
import { type Acceptance, type Accepted, AcceptRepository, type KnownKey } from './accept.repository.js';
import { CommandDispatcher } from '../dispatch/command.dispatcher.js';
import type { NewCommand } from '../ledger/command.entity.js';
import { newCommandId } from '../ledger/command.id.js';
import { type CommandTerms, toTerms } from '../ledger/command.policy.js';
import { CommandsSettings } from '../commands.settings.js';
import { bodyHashOf, type IdempotencyKey } from './idempotency.js';
import { RobotDirectory } from '../robot.directory.js';

/** One command for one robot. */
export interface Order {
  readonly robotId: string;
  readonly request: CommandRequest;
  readonly requester: Requester;
  readonly idempotencyKey?: string;
}

/** Takes commands: checks, stores, and only then answers and publishes. */
@Injectable()
export class CommandAcceptor implements OnApplicationShutdown {
  private readonly inserts = new MicroBatch<Acceptance, Accepted>({
    name: 'commands_accepted',
    // What comes while a batch is written is the next batch: company without waiting for it.
    maxWaitMs: 0,
    run: (acceptances) => this.repository.insert(acceptances),
  });

  constructor(
    private readonly directory: RobotDirectory,
    private readonly repository: AcceptRepository,
    private readonly dispatcher: CommandDispatcher,
    private readonly settings: CommandsSettings,
  ) {}

  /** Whatever was accepted is brought to the broker before the process ends. */
  async onApplicationShutdown(): Promise<void> {
    await this.inserts.close();
    await this.dispatcher.close();
  }

  /**
   * Stores one command and publishes it.
   * @throws MusterError `VALIDATION_FAILED`, `ROBOT_NOT_FOUND`, `ROBOT_DISABLED`, `IDEMPOTENCY_KEY_REUSED`.
   */
  async accept(order: Order): Promise<CommandAccepted> {
    const key = keyOf(order);
    try {
      const terms = toTerms(order.request, this.settings, new Date());
      const refusal = await this.directory.refusalOf(requireRobotId(order.robotId), terms.commandType);
      if (refusal) throw refusal;
      return await this.store(toCommand(order, terms, this.settings.publishGraceMs), key);
    } catch (error) {
      // What was accepted once is answered again, even if it would be refused today.
      const known = key && error instanceof MusterError ? await this.repository.findKey(key) : undefined;
      if (known && known.bodyHash === key?.bodyHash) return replay(known);
      throw error;
    }
  }

  private async store(command: NewCommand, key: IdempotencyKey | null): Promise<CommandAccepted> {
    const accepted = await this.inserts.add({ command, key }).catch((error: unknown) => {
      throw storageError(error);
    });
    if (accepted.outcome === 'known') return replayOrRefuse(accepted.known, key);
    this.dispatcher.dispatch(command);
    return { commandId: command.commandId, replayed: false };
  }
}

function keyOf({ robotId, request, requester, idempotencyKey }: Order): IdempotencyKey | null {
  if (idempotencyKey === undefined) return null;
  return { principal: requester.by, key: idempotencyKey, bodyHash: bodyHashOf({ robotId, request }) };
}

/** The row of a command that is asked for now; the sweeper looks at it after `graceMs`, or half of a shorter life. */
export function toCommand(
  { robotId, requester }: Pick<Order, 'robotId' | 'requester'>,
  { payload, ...terms }: CommandTerms,
  graceMs: number,
  batchId: string | null = null,
): NewCommand {
  const lifeMs = terms.expiresAt.getTime() - terms.requestedAt.getTime();
  return {
    ...terms,
    commandId: newCommandId(terms.requestedAt.getTime()),
    robotId,
    payloadJson: payload,
    status: 'REQUESTED',
    requestedBy: requester.by,
    requestedByUserId: isUuid(requester.userId) ? requester.userId : null,
    attempts: 0,
    dueAt: new Date(terms.requestedAt.getTime() + Math.min(graceMs, Math.floor(lifeMs / 2))),
    deadlineAt: terms.expiresAt,
    batchId,
  };
}

function replayOrRefuse(known: KnownKey, key: IdempotencyKey | null): CommandAccepted {
  if (known.bodyHash === key?.bodyHash) return replay(known);
  throw keyReused(key);
}

function replay({ commandId }: KnownKey): CommandAccepted {
  if (commandId === null) throw new TypeError('The idempotency key of a batch stands for a command.');
  return { commandId, replayed: true };
}

export function keyReused(key: IdempotencyKey | null): MusterError {
  const message = `The idempotency key ${key?.key ?? ''} stands for another request already.`;
  return new MusterError('IDEMPOTENCY_KEY_REUSED', message, { idempotencyKey: key?.key });
}

/** Text that no column can hold (U+0000, half a surrogate pair) is the caller's to correct. */
export function storageError(error: unknown): unknown {
  if (!isDataError(error)) return error;
  const message = 'The command holds a character that cannot be stored, such as U+0000.';
  return new MusterError(
    'VALIDATION_FAILED',
    message,
    { fields: [{ field: 'payload', problems: [message] }] },
    { cause: error },
  );
}
