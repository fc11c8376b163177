import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Notification, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { poolOf } from '#libs/database';
import { Ticker } from '#libs/platform';
import { IDENTITY_CHANGED } from './identity.repository.js';

const CHECK_MS = 2_000;
const PING = 'ping:';

/** What a listener of {@link IdentityFeed} is told. */
export interface IdentityListener {
  /** This robot has a new identity, stored by any replica. */
  changed(robotId: string): void;
  /** Changes may have been missed. */
  interrupted(): void;
}

/**
 * Hears of every identity that any replica commits, over one connection that listens to Postgres. It proves itself with a
 * ping that has to come back: a silent break, or a proxy that drops notifications, must not look like "nothing changed".
 */
@Injectable()
export class IdentityFeed implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('IdentityFeed');
  private readonly ticker = new Ticker('IdentityFeed', CHECK_MS, () => this.check());
  private readonly listeners = new Set<IdentityListener>();
  private client: PoolClient | undefined;
  private awaited: string | undefined;
  private proven = false;

  constructor(private readonly dataSource: DataSource) {}

  /** Whether nothing can have been missed. */
  get isLive(): boolean {
    return this.proven;
  }

  listen(listener: IdentityListener): void {
    this.listeners.add(listener);
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
    this.hangUp();
  }

  private async check(): Promise<boolean> {
    if (this.awaited !== undefined) this.hangUp();
    this.client ??= await this.dial();
    this.awaited = PING + crypto.randomUUID();
    await this.dataSource.query('SELECT pg_notify($1, $2)', [IDENTITY_CHANGED, this.awaited]);
    return false;
  }

  private async dial(): Promise<PoolClient> {
    const client = await poolOf(this.dataSource).connect();
    client.on('notification', (notification) => this.hear(notification));
    client.on('error', (error) => {
      this.logger.warn({ event: 'identity_feed_lost', message: error.message });
      if (this.client === client) this.hangUp();
    });
    try {
      await client.query(`LISTEN ${IDENTITY_CHANGED}`);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  private hear({ payload = '' }: Notification): void {
    if (payload === this.awaited) {
      this.awaited = undefined;
      this.proven = true;
    } else if (!payload.startsWith(PING)) {
      for (const listener of this.listeners) listener.changed(payload);
    }
  }

  private hangUp(): void {
    const { client } = this;
    this.client = undefined;
    this.awaited = undefined;
    this.proven = false;
    for (const listener of this.listeners) listener.interrupted();
    client?.release(true);
  }
}
