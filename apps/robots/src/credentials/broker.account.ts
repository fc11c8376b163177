import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import {
  accountClaims,
  type BrokerKeys,
  type MintedUser,
  mintUser,
  parseBrokerKeys,
  pushAccountClaims,
} from '#libs/auth';
import { inboxPrefixOf, MusterError, robotConsumers, robotUser } from '#libs/contracts';
import { PlatformConfig } from '#libs/platform';
import type { Revocation } from './credential.repository.js';

const KEYS_FILE = 'keys.json';
const SYSTEM_USER = 'system';
const CONNECT_TIMEOUT_MS = 5_000;
/** A revocation names the latest issue time that it hits; a user is never minted again, so clocks that differ do no harm. */
const CLOCK_MARGIN_MS = 3_600_000;

/** The account of the broker that devices are users of. Whoever holds its keys may let anybody in. */
@Injectable()
export class BrokerAccount {
  constructor(private readonly config: PlatformConfig) {}

  /** A new broker user that is this robot and nobody else. */
  async mintRobot(robotId: string): Promise<MintedUser> {
    return mintUser(await this.keys(), { name: robotId, permissions: robotUser(robotId, robotConsumers(robotId)) });
  }

  /** Replaces the list of revoked users on the running broker, which disconnects them. */
  async revoke(revocations: readonly Revocation[]): Promise<void> {
    const until = revocations.map(
      ({ userId, revokedAt }) => [userId, new Date(revokedAt.getTime() + CLOCK_MARGIN_MS)] as const,
    );
    const claims = await accountClaims(await this.keys(), new Map(until));
    const system = await this.connectAsSystem();
    try {
      await pushAccountClaims(system, claims);
    } finally {
      await system.close();
    }
  }

  private async keys(): Promise<BrokerKeys> {
    return parseBrokerKeys(await this.read(KEYS_FILE));
  }

  private async connectAsSystem(): Promise<NatsConnection> {
    const creds = await this.read(`${SYSTEM_USER}.creds`);
    return connect({
      servers: this.config.brokerUrl.split(','),
      name: SYSTEM_USER,
      inboxPrefix: inboxPrefixOf(SYSTEM_USER),
      authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
      reconnect: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
  }

  private async read(file: string): Promise<string> {
    try {
      return await readFile(join(this.config.brokerKeysDirectory, file), 'utf8');
    } catch (cause) {
      const message = `This service cannot read the broker's ${file}; set NATS_KEYS_DIR to the directory that holds it.`;
      throw new MusterError('SERVICE_UNAVAILABLE', message, {}, { cause });
    }
  }
}
