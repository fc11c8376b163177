import { Module } from '@nestjs/common';
import { CredentialsController } from './credentials.controller.js';
import { RobotsController } from './robots.controller.js';
import { SettingsController } from './settings.controller.js';
import { SnapshotsController } from './snapshots.controller.js';

@Module({ controllers: [RobotsController, SnapshotsController, SettingsController, CredentialsController] })
export class RobotsEdgeModule {}
