import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import { DataSource } from 'typeorm';
import type { CommandStatus } from '#libs/contracts';
import { Ticker } from '#libs/platform';

const REFRESH_MS = 10_000;
const OPEN = ['REQUESTED', 'ACKED'] as const satisfies readonly CommandStatus[];

const openCommands = new Gauge({
  name: 'muster_commands_open',
  help: 'Commands that are not over by status, as of the last ten seconds; the same on every replica',
  labelNames: ['status'],
  registers: [register],
});

/** Counts what is not over. Not while metrics are scraped: they must be there when the database is not. */
@Injectable()
export class OpenCommandsMetrics implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('CommandsMetrics', REFRESH_MS, () => this.refresh());

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** An open command is always due some time, so the index of what is due finds them. */
  async refresh(): Promise<false> {
    const rows = await this.dataSource.query<readonly { status: CommandStatus; count: number }[]>(
      `SELECT "status", count(*) AS "count" FROM "commands"."robot_command_log"
       WHERE "dueAt" IS NOT NULL AND "status" = ANY($1::text[]) GROUP BY "status"`,
      [OPEN],
    );
    const counts = new Map(rows.map(({ status, count }) => [status, count]));
    for (const status of OPEN) openCommands.set({ status }, counts.get(status) ?? 0);
    return false;
  }
}
