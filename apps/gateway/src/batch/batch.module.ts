import { Module } from '@nestjs/common';
import { BatchController } from './batch.controller.js';
import { BatchDispatcher } from './batch.dispatcher.js';
import { BatchTypesModule } from './batch-types.module.js';

@Module({ imports: [BatchTypesModule], controllers: [BatchController], providers: [BatchDispatcher] })
export class BatchModule {}
