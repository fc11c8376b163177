import { Module } from '@nestjs/common';
import { EntitiesController } from './entities.controller.js';
import { RecordsController } from './records.controller.js';

@Module({ controllers: [EntitiesController, RecordsController] })
export class EntitiesEdgeModule {}
