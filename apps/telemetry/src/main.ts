import { runService } from '#libs/platform';
import { TelemetryModule } from './telemetry.module.js';

await runService({ name: 'telemetry', module: TelemetryModule });
