import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { inboxPrefixOf } from '#libs/contracts';
import type { TestPlatform } from './platform.js';

/** Connects to the platform's broker as the operator of the `nats` command line does. */
export async function connectAdmin({
  natsUrl,
  credsFile,
}: Pick<TestPlatform, 'natsUrl' | 'credsFile'>): Promise<NatsConnection> {
  return connect({
    servers: natsUrl,
    authenticator: credsAuthenticator(readFileSync(credsFile('admin'))),
    inboxPrefix: inboxPrefixOf('admin'),
  });
}
