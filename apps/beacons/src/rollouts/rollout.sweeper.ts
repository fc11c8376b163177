import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Outbox } from '#libs/outbox';
import { Ticker } from '#libs/platform';
import { lockRollout, RolloutRepository } from './rollout.repository.js';
import { RolloutSteps } from './rollout.steps.js';

const SWEEP_MS = 1_000;

/**
 * Does what rollouts wait for: counts their devices in, lets the clock run, opens and closes their gates. Each step is one
 * transaction that holds the rollout, so replicas share the work and a crash repeats one step.
 */
@Injectable()
export class RolloutSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('Rollouts', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly dataSource: DataSource,
    private readonly rollouts: RolloutRepository,
    private readonly steps: RolloutSteps,
    private readonly outbox: Outbox,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** To be called when something happened that a rollout may have waited for. */
  kick(): void {
    this.ticker.kick();
  }

  private async sweep(): Promise<boolean> {
    let more = false;
    for (const rolloutId of await this.rollouts.busy()) {
      const moved = await this.dataSource.transaction((tx) => this.step(tx, rolloutId));
      more ||= moved;
    }
    this.outbox.kick();
    return more;
  }

  /** Answers whether there is more to do at once. */
  private async step(tx: EntityManager, rolloutId: string): Promise<boolean> {
    const rollout = await lockRollout(tx, rolloutId, { skip: true });
    if (!rollout) return false;
    return this.steps.take(tx, rollout, new Date());
  }
}
