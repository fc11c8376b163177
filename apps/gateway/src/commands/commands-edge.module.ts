import { Module } from '@nestjs/common';
import { CommandSendingController } from './command-sending.controller.js';
import { CommandsController } from './commands.controller.js';

/** Sending is first: `/commands/batches` must not be taken for a command's id. */
@Module({ controllers: [CommandSendingController, CommandsController] })
export class CommandsEdgeModule {}
