import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CredentialsController } from './credentials.controller.js';
import { RobotTokens } from './robot.tokens.js';
import { RobotsController } from './robots.controller.js';
import { SettingsController } from './settings.controller.js';
import { SnapshotsController } from './snapshots.controller.js';

@Module({
  imports: [AuthModule],
  controllers: [RobotsController, SnapshotsController, SettingsController, CredentialsController],
  providers: [RobotTokens],
  exports: [RobotTokens],
})
export class RobotsEdgeModule {}
