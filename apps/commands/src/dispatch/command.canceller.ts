import { Injectable, Logger } from '@nestjs/common';
import { type CommandDetailDto, isUuid, MusterError, type Requester } from '#libs/contracts';
import { CommandDispatcher } from './command.dispatcher.js';
import { commandNotFound, CommandReader } from '../ledger/command.reader.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';

/** Ends a command by a person's hand. */
@Injectable()
export class CommandCanceller {
  private readonly logger = new Logger('Canceller');

  constructor(
    private readonly ledger: LedgerRepository,
    private readonly dispatcher: CommandDispatcher,
    private readonly reader: CommandReader,
  ) {}

  /** @throws MusterError `COMMAND_NOT_FOUND`, or `COMMAND_FINAL` when it has ended already. */
  async cancel(commandId: string, { by }: Requester): Promise<CommandDetailDto> {
    if (!isUuid(commandId)) throw commandNotFound(commandId);
    const fact = { type: 'cancel', at: new Date(), by } as const;
    const [applied] = await this.ledger.apply([{ commandId: commandId.toLowerCase(), dedupeKey: 'cancelled', fact }]);
    if (!applied || applied.outcome === 'unknown') throw commandNotFound(commandId);
    if (applied.outcome !== 'recorded') {
      const { status } = applied.command;
      throw new MusterError('COMMAND_FINAL', `Command ${commandId} is ${status} already.`, { commandId, status });
    }
    // It is cancelled whatever happens now: what fails here stays due, and the sweeper does it again.
    await this.dispatcher.settle(applied.command, new Date()).catch((error: unknown) => {
      this.logger.warn({ event: 'cancel_not_settled', commandId, error });
    });
    return this.reader.get(commandId);
  }
}
