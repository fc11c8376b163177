import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { RolloutStarter } from '../rollouts/rollout.gate.js';
import { Announcer } from './announcer.js';
import { type NewRelease, type Release, ReleaseRepository } from './release.repository.js';

/** Writes releases down, each together with its rollout and with the order to announce it. */
@Injectable()
export class ReleaseLedger {
  constructor(
    private readonly dataSource: DataSource,
    private readonly releases: ReleaseRepository,
    private readonly rollouts: RolloutStarter,
    private readonly announcer: Announcer,
  ) {}

  /** Undefined, and nothing written, when the id or the version is taken. `also` is done in the same transaction. */
  async publish(
    release: NewRelease,
    publicUrl: string,
    also: (tx: EntityManager) => Promise<void> = () => Promise.resolve(),
  ): Promise<Release | undefined> {
    const published = await this.dataSource.transaction(async (tx) => {
      const stored = await this.releases.insert(tx, release);
      if (!stored) return undefined;
      const rolloutId = await this.beginRollout(tx, stored);
      await this.announcer.order(tx, stored.firmwareId, publicUrl);
      await also(tx);
      return { ...stored, rolloutId };
    });
    if (published) this.announcer.kick();
    return published;
  }

  /** Whoever has the id or the version that a release wants. */
  findRival(release: NewRelease): Promise<Release | undefined> {
    return this.releases.findRival(release, this.dataSource.manager);
  }

  private async beginRollout(tx: EntityManager, release: Release): Promise<string | null> {
    if (release.strategy === 'all') return null;
    const rolloutId = await this.rollouts.start(tx, release);
    if (rolloutId !== null) await this.releases.setRollout(tx, release.firmwareId, rolloutId);
    return rolloutId;
  }
}
