import { parseArgs } from 'node:util';
import { benchCommands } from './commands.js';
import { benchFanOut } from './fan-out.js';
import { benchFleet } from './fleet.js';
import { benchMallChanges } from './malls-changes.js';
import { benchMallEvents } from './malls-events.js';
import { benchMallFirmware } from './malls-firmware.js';
import { benchMallLogs } from './malls-logs.js';
import { benchMallSync } from './malls-sync.js';
import { type Line, report } from './report.js';
import { benchTelemetry } from './telemetry.js';

/** Key: what `--only` names. Each bench starts its own servers and stops them. */
const BENCHES: Readonly<Record<string, () => Promise<Line[]>>> = {
  telemetry: benchTelemetry,
  'fan-out': benchFanOut,
  commands: benchCommands,
  fleet: benchFleet,
  'malls-events': benchMallEvents,
  'malls-sync': benchMallSync,
  'malls-firmware': benchMallFirmware,
  'malls-logs': benchMallLogs,
  'malls-changes': benchMallChanges,
};

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, out: { type: 'string', default: 'bench-results.json' } },
});

const lines: Line[] = [];
for (const [name, run] of Object.entries(BENCHES)) {
  if (values.only && !values.only.includes(name)) continue;
  console.log(`bench ${name} …`);
  lines.push(...(await run()));
}
report(lines, values.out);
process.exit(0);
