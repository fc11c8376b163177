import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Counter, Gauge, register } from 'prom-client';
import { DataSource } from 'typeorm';
import { PRESENCES, type Presence } from '#libs/contracts';
import { Ticker } from '#libs/platform';

const REFRESH_MS = 10_000;

export const firstSeen = new Counter({
  name: 'muster_robots_first_seen_total',
  help: 'Robots that this replica made a row for',
  registers: [register],
});

const robotsByPresence = new Gauge({
  name: 'muster_robots',
  help: 'Robots of the whole fleet by presence, as of the last ten seconds; the same on every replica',
  labelNames: ['presence'],
  registers: [register],
});

const outboxMessages = new Gauge({
  name: 'muster_robots_outbox_messages',
  help: 'Messages that are committed and not with the broker yet, as of the last ten seconds; the same on every replica',
  registers: [register],
});

/** Counts what the registry holds. Not while metrics are scraped: they must be there when the database is not. */
@Injectable()
export class RobotsMetrics implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('RobotsMetrics', REFRESH_MS, () => this.refresh());

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  async refresh(): Promise<false> {
    const rows = await this.dataSource.query<readonly { presence: Presence; count: number }[]>(
      `SELECT "presence", count(*) AS "count" FROM "robots"."robots" GROUP BY "presence"`,
    );
    const counts = new Map(rows.map(({ presence, count }) => [presence, count]));
    for (const presence of PRESENCES) robotsByPresence.set({ presence }, counts.get(presence) ?? 0);
    const [outbox] = await this.dataSource.query<readonly { count: number }[]>(
      `SELECT count(*) AS "count" FROM "robots"."outbox"`,
    );
    outboxMessages.set(outbox?.count ?? 0);
    return false;
  }
}
