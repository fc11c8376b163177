import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { AcceptRepository } from './accept.repository.js';
import { AckIngest } from './ack.ingest.js';
import { AckWatermark } from './ack.watermark.js';
import { BatchAcceptor } from './batch.acceptor.js';
import { CommandBatch } from './batch.entity.js';
import { CommandAcceptor } from './command.acceptor.js';
import { CommandCanceller } from './command.canceller.js';
import { CommandDispatcher } from './command.dispatcher.js';
import { RobotCommand } from './command.entity.js';
import { CommandPublisher } from './command.publisher.js';
import { CommandReader } from './command.reader.js';
import { CommandRepository } from './command.repository.js';
import { CommandStream } from './command.stream.js';
import { CommandSweeper } from './command.sweeper.js';
import { CommandsResponder } from './commands.responder.js';
import { CommandsSettings } from './commands.settings.js';
import { DeliveryEvidence } from './delivery.evidence.js';
import { LedgerRepository } from './ledger.repository.js';
import { Commands0001 } from './migrations/0001-commands.js';
import { OpenCommandsMetrics } from './open-commands.metrics.js';
import { RecentDispatches } from './recent.dispatches.js';
import { RetentionRepository } from './retention.repository.js';
import { RetentionSweeper } from './retention.sweeper.js';
import { RobotDirectory } from './robot.directory.js';
import { TimelineRow } from './timeline.entity.js';

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'commands',
      entities: [RobotCommand, TimelineRow, CommandBatch],
      migrations: [Commands0001],
    }),
  ],
  controllers: [CommandsResponder, AckIngest],
  providers: [
    { provide: CommandsSettings, useFactory: () => new CommandsSettings() },
    RobotDirectory,
    CommandAcceptor,
    BatchAcceptor,
    AcceptRepository,
    CommandDispatcher,
    CommandPublisher,
    CommandStream,
    RecentDispatches,
    LedgerRepository,
    AckWatermark,
    CommandSweeper,
    CommandCanceller,
    CommandReader,
    CommandRepository,
    DeliveryEvidence,
    RetentionSweeper,
    RetentionRepository,
    OpenCommandsMetrics,
  ],
})
export class CommandsModule {}
