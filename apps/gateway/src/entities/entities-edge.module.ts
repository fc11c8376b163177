import { Module } from '@nestjs/common';
import { ImportsEdgeModule } from '../imports/imports-edge.module.js';
import { OrchestratorsEdgeModule } from '../orchestrators/orchestrators-edge.module.js';
import { RobotsEdgeModule } from '../robots/robots-edge.module.js';
import { EntitiesController } from './entities.controller.js';
import { RecordsController } from './records.controller.js';

@Module({
  imports: [ImportsEdgeModule, OrchestratorsEdgeModule, RobotsEdgeModule],
  controllers: [EntitiesController, RecordsController],
})
export class EntitiesEdgeModule {}
