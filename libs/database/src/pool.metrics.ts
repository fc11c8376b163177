import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';

const NAME = 'muster_database_connections';

/** Publishes the pool's state, read when metrics are scraped. */
@Injectable()
export class PoolMetrics implements OnModuleInit {
  constructor(private readonly dataSource: DataSource) {}

  onModuleInit(): void {
    const pool = poolOf(this.dataSource);
    register.removeSingleMetric(NAME);
    register.registerMetric(
      new Gauge({
        name: NAME,
        help: 'Postgres connections of this process: open, idle, and statements waiting for one.',
        labelNames: ['state'],
        registers: [],
        collect() {
          this.set({ state: 'open' }, pool.totalCount);
          this.set({ state: 'idle' }, pool.idleCount);
          this.set({ state: 'waiting' }, pool.waitingCount);
        },
      }),
    );
  }
}
