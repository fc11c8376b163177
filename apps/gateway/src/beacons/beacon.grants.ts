import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BEACONS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import { RevocationRepository } from '../auth/sessions/revocation.repository.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';

const EVERY_MS = 1_000;

/**
 * Revokes the tokens of beacons whose grant ended: a changed key, an approval taken back, a beacon or an entity that is no more. The service names a grant until somebody
 * says that its tokens are revoked for good, so neither a crash here nor one there loses any.
 */
@Injectable()
export class BeaconGrants implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('BeaconGrants', EVERY_MS, () => this.revoke());
  private done: readonly string[] = [];

  constructor(
    private readonly rpc: RpcClient,
    private readonly store: RevocationRepository,
    private readonly revocations: SessionRevocations,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async revoke(): Promise<boolean> {
    const { done } = this;
    // A service that is away, or not up yet, shows at the routes that need it and in the health.
    const ended = await this.rpc.ask(BEACONS_REQUESTS.endedGrants, { done }).catch(() => undefined);
    if (ended === undefined) return false;
    this.done = [];
    if (ended.grant_ids.length === 0) return false;
    await this.store.add(ended.grant_ids);
    this.revocations.note(ended.grant_ids);
    this.done = ended.grant_ids;
    return true;
  }
}
