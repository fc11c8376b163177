import { Module } from '@nestjs/common';
import { ImportsEdgeModule } from '../imports/imports-edge.module.js';
import { EntitiesController } from './entities.controller.js';
import { RecordsController } from './records.controller.js';

@Module({ imports: [ImportsEdgeModule], controllers: [EntitiesController, RecordsController] })
export class EntitiesEdgeModule {}
