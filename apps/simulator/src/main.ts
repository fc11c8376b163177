import { argv, env } from 'node:process';
import { jsonLog, reasonOf } from './log.js';
import { readOptions } from './options.js';
import { runSimulator } from './simulator.js';

const log = jsonLog();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

try {
  await runSimulator(readOptions(argv.slice(2), env), log, stopping.signal);
  process.exit(0);
} catch (error) {
  log.error('simulator_failed', { message: reasonOf(error) });
  process.exit(1);
}
