import { Module } from '@nestjs/common';
import { BeaconsModule } from '../../beacons/src/beacons.module.js';
import { CommandsModule } from '../../commands/src/commands.module.js';
import { GatewayModule } from '../../gateway/src/gateway.module.js';
import { OrchestratorsModule } from '../../orchestrators/src/orchestrators.module.js';
import { RobotsModule } from '../../robots/src/robots.module.js';
import { TelemetryModule } from '../../telemetry/src/telemetry.module.js';

/** Every service of the platform in one process: the same modules, subjects and tables as one pod each. */
@Module({ imports: [RobotsModule, CommandsModule, TelemetryModule, OrchestratorsModule, BeaconsModule, GatewayModule] })
export class AllInOneModule {
  static readonly configure = GatewayModule.configure;
}
