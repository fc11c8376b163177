import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { AcceptRepository } from './accepting/accept.repository.js';
import { AckIngest } from './acks/ack.ingest.js';
import { AckWatermark } from './dispatch/ack.watermark.js';
import { BatchAcceptor } from './accepting/batch.acceptor.js';
import { CommandBatch } from './ledger/batch.entity.js';
import { CommandAcceptor } from './accepting/command.acceptor.js';
import { CommandCanceller } from './dispatch/command.canceller.js';
import { CommandDispatcher } from './dispatch/command.dispatcher.js';
import { RobotCommand } from './ledger/command.entity.js';
import { CommandPublisher } from './dispatch/command.publisher.js';
import { CommandReader } from './ledger/command.reader.js';
import { CommandRepository } from './ledger/command.repository.js';
import { CommandStream } from './dispatch/command.stream.js';
import { CommandSweeper } from './dispatch/command.sweeper.js';
import { CommandsResponder } from './commands.responder.js';
import { CommandsSettings } from './commands.settings.js';
import { DeliveryEvidence } from './acks/delivery.evidence.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { Commands0001 } from './migrations/0001-commands.js';
import { OpenCommandsMetrics } from './open-commands.metrics.js';
import { RecentDispatches } from './dispatch/recent.dispatches.js';
import { RetentionRepository } from './retention/retention.repository.js';
import { RetentionSweeper } from './retention/retention.sweeper.js';
import { RobotDirectory } from './robot.directory.js';
import { TimelineRow } from './ledger/timeline.entity.js';

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
