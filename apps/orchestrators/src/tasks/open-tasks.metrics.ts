import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TaskStatus } from '#libs/contracts';
import { Ticker } from '#libs/platform';
import { openTasks } from './tasks.metrics.js';

const REFRESH_MS = 10_000;
const OPEN = ['queued', 'assigned', 'in_progress'] as const satisfies readonly TaskStatus[];

/** Counts what is not over. Not while metrics are scraped: they must be there when the database is not. */
@Injectable()
export class OpenTasksMetrics implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('TasksMetrics', REFRESH_MS, () => this.refresh());

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  async refresh(): Promise<false> {
    const rows = await this.dataSource.query<readonly { status: TaskStatus; count: number }[]>(
      `SELECT "status", count(*) AS "count" FROM "orchestrators"."tasks"
       WHERE "status" IN ('queued', 'assigned', 'in_progress') GROUP BY "status"`,
    );
    const counts = new Map(rows.map(({ status, count }) => [status, count]));
    for (const status of OPEN) openTasks.set({ status }, counts.get(status) ?? 0);
    return false;
  }
}
