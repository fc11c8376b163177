import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBrokerKeys } from './embedded/broker-keys.js';
import { natsConfig } from './embedded/nats-config.js';

/**
 * Writes keys.json, a .creds file per service and nats-server.conf for a broker that somebody else runs
 * (docker/compose.yaml, Kubernetes). Running it again keeps the keys and renews what changed.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: '.data/nats' },
      'server-dir': { type: 'string' },
      'store-dir': { type: 'string' },
      host: { type: 'string', default: '0.0.0.0' },
      port: { type: 'string', default: '4222' },
      'monitor-port': { type: 'string' },
      'sync-always': { type: 'boolean', default: false },
    },
  });
  const keys = await prepareBrokerKeys(values.dir);
  const file = join(values.dir, 'nats-server.conf');
  const text = natsConfig({
    host: values.host,
    port: Number(values.port),
    // The paths inside the broker's own container may differ from ours.
    directory: values['server-dir'] ?? values.dir,
    storeDir: values['store-dir'],
    monitorPort: values['monitor-port'] === undefined ? undefined : Number(values['monitor-port']),
    syncAlways: values['sync-always'],
    keys,
  });
  writeFileSync(file, text, { mode: 0o600 });
  console.log(`keys, credentials and nats-server.conf are in ${values.dir}`);
}

await main();
