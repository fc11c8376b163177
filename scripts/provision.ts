import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { provisionStreams } from './embedded/provision-streams.js';

/** `npm run provision`: streams and consumers of the broker that NATS_URL, NATS_PORT and NATS_CREDS name. */
async function main(): Promise<void> {
  const { NATS_URL, NATS_PORT = '4222', NATS_CREDS, DATA_DIR = '.data', STREAM_REPLICAS = '1' } = process.env;
  const usual = join(DATA_DIR, 'nats', 'provisioner.creds');
  const report = await provisionStreams({
    url: NATS_URL ?? `nats://127.0.0.1:${NATS_PORT}`,
    credsFile: NATS_CREDS ?? (existsSync(usual) ? usual : undefined),
    replicas: Number(STREAM_REPLICAS),
  });
  for (const name of report.created) console.log(`created  ${name}`);
  for (const name of report.updated) console.log(`updated  ${name}`);
  console.log(`${report.unchanged} unchanged`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
