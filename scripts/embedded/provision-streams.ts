import { BrokerConnection, provision, type ProvisioningReport } from '#libs/jetstream';
import { inboxPrefixOf } from '#libs/contracts';

export interface ProvisionStreamsOptions {
  /** Comma-separated `nats://host:port` list. */
  readonly url: string;
  /** Path of a .creds file that may use the whole JetStream API. */
  readonly credsFile?: string;
  /** Copies of each stream in the cluster. */
  readonly replicas: number;
}

/** Brings the streams and consumers of a broker to what the contracts say, over a connection of its own. */
export async function provisionStreams(options: ProvisionStreamsOptions): Promise<ProvisioningReport> {
  const name = 'provisioner';
  const { url, credsFile, replicas } = options;
  const broker = await BrokerConnection.open({ url, credsFile, name, inboxPrefix: inboxPrefixOf(name) });
  try {
    return await provision(broker, { replicas });
  } finally {
    await broker.close();
  }
}
