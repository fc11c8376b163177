import { Controller } from '@nestjs/common';
import {
  type BatchDto,
  type CommandAccepted,
  type CommandDetailDto,
  type CommandPage,
  COMMANDS_REQUESTS,
  type Requester,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { BatchAcceptor, type BatchOrder } from './accepting/batch.acceptor.js';
import { CommandAcceptor, type Order } from './accepting/command.acceptor.js';
import { CommandCanceller } from './dispatch/command.canceller.js';
import { CommandReader, type ListRequest } from './ledger/command.reader.js';

/** Answers the gateway and every other service that wants something done by a robot. */
@Controller()
export class CommandsResponder {
  constructor(
    private readonly acceptor: CommandAcceptor,
    private readonly batches: BatchAcceptor,
    private readonly canceller: CommandCanceller,
    private readonly reader: CommandReader,
  ) {}

  @Answers(COMMANDS_REQUESTS.send)
  send(order: Order): Promise<CommandAccepted> {
    return this.acceptor.accept(order);
  }

  @Answers(COMMANDS_REQUESTS.sendBatch)
  async sendBatch(order: BatchOrder): Promise<BatchDto> {
    return this.reader.getBatch(await this.batches.accept(order));
  }

  @Answers(COMMANDS_REQUESTS.get)
  get({ commandId }: { commandId: string }): Promise<CommandDetailDto> {
    return this.reader.get(commandId);
  }

  @Answers(COMMANDS_REQUESTS.listByRobot)
  listByRobot(request: ListRequest): Promise<CommandPage> {
    return this.reader.list(request);
  }

  @Answers(COMMANDS_REQUESTS.cancel)
  cancel({ commandId, requester }: { commandId: string; requester: Requester }): Promise<CommandDetailDto> {
    return this.canceller.cancel(commandId, requester);
  }

  @Answers(COMMANDS_REQUESTS.getBatch)
  getBatch({ batchId }: { batchId: string }): Promise<BatchDto> {
    return this.reader.getBatch(batchId);
  }
}
