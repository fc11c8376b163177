import { Module } from '@nestjs/common';
import { RolloutControlController } from './rollout-control.controller.js';
import { RolloutsController } from './rollouts.controller.js';

@Module({ controllers: [RolloutsController, RolloutControlController] })
export class RolloutsEdgeModule {}
