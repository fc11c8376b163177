import { Module } from '@nestjs/common';
import { SyncController } from './sync.controller.js';
import { SyncJournal } from './sync.journal.js';
import { SyncReader } from './sync.reader.js';

@Module({ controllers: [SyncController], providers: [SyncReader, SyncJournal], exports: [SyncReader, SyncJournal] })
export class SyncEdgeModule {}
