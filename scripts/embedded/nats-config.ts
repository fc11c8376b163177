import { join } from 'node:path';
import { publicKeyOf, type BrokerKeys } from '#libs/auth';

export interface NatsConfig {
  readonly host: string;
  readonly port: number;
  /** Where the broker keeps pushed account claims, and its streams unless `storeDir` says otherwise. */
  readonly directory: string;
  readonly storeDir?: string;
  /** Absent = anybody may connect, which only tests do. */
  readonly keys?: BrokerKeys;
  /** Port of the HTTP monitoring page; absent = none. */
  readonly monitorPort?: number;
  /** Flush every message before it is acknowledged; nats-server 2.10 and newer. */
  readonly syncAlways?: boolean;
}

/** The text of a nats-server.conf with JetStream, and with operator security when there are keys. */
export function natsConfig(config: NatsConfig): string {
  const { host, port, directory, keys, monitorPort } = config;
  return [
    'server_name: "muster"',
    `listen: ${quote(`${host}:${port}`)}`,
    ...(monitorPort === undefined ? [] : [`http: ${quote(`${host}:${monitorPort}`)}`]),
    'max_payload: 1MB',
    // A service's credentials list its subjects; servers before 2.10 also count the CONNECT line, which carries them.
    'max_control_line: 32KB',
    // Two seconds unless told: too few for a robot far away, or for a process that is busy while it starts.
    'authorization { timeout: 10 }',
    'jetstream {',
    `  store_dir: ${quote(config.storeDir ?? join(directory, 'store'))}`,
    // What streams may reserve together; the default of 75 % of the free disk refuses ours on a small one.
    '  max_file_store: 256GB',
    ...(config.syncAlways === true ? ['  sync_interval: always'] : []),
    '}',
    ...(keys === undefined ? [] : securityLines(keys, directory)),
    '',
  ].join('\n');
}

function securityLines(keys: BrokerKeys, directory: string): string[] {
  const system = publicKeyOf(keys.systemAccountSeed);
  return [
    `operator: ${keys.operatorJwt}`,
    `system_account: ${system}`,
    // "full" keeps pushed claims, and so revocations, over a restart; the older preload does not replace newer ones.
    `resolver { type: full, dir: ${quote(join(directory, 'accounts'))}, allow_delete: false }`,
    'resolver_preload {',
    `  ${publicKeyOf(keys.accountSeed)}: ${keys.accountJwt}`,
    `  ${system}: ${keys.systemAccountJwt}`,
    '}',
  ];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
