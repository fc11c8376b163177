import { Module } from '@nestjs/common';
import { TelemetryController } from './telemetry.controller.js';
import { TelemetryReader } from './telemetry.reader.js';

@Module({ controllers: [TelemetryController], providers: [TelemetryReader] })
export class TelemetryEdgeModule {}
