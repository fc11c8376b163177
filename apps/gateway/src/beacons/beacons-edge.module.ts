import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BatchTypesModule } from '../batch/batch-types.module.js';
import { BeaconAuthController } from './beacon-auth.controller.js';
import { BeaconDevicesController } from './beacon-devices.controller.js';
import { BeaconReportsController } from './beacon-reports.controller.js';
import { BeaconGrants } from './beacon.grants.js';
import { BeaconLimiter } from './beacon.limiter.js';

@Module({
  imports: [AuthModule, BatchTypesModule],
  controllers: [BeaconReportsController, BeaconDevicesController, BeaconAuthController],
  providers: [BeaconLimiter, BeaconGrants],
})
export class BeaconsEdgeModule {}
