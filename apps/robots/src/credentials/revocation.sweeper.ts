import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '../ticker.js';
import { BrokerAccount } from './broker.account.js';
import { CredentialRepository } from './credential.repository.js';

const SWEEP_MS = 5_000;

/**
 * Tells the broker whom to refuse: right after a revocation, later when that failed, and once at each start, since a
 * broker set up anew has forgotten.
 */
@Injectable()
export class RevocationSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Revocations');
  private readonly ticker = new Ticker('Revocations', SWEEP_MS, () => this.sweep());
  private toldSinceStart = false;

  constructor(
    private readonly credentials: CredentialRepository,
    private readonly account: BrokerAccount,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Returns once the broker has taken the list. */
  async push(): Promise<void> {
    await this.credentials.pushRevocations((revocations) => this.account.revoke(revocations));
    this.logger.log({ event: 'revocations_pushed' });
  }

  private async sweep(): Promise<void> {
    const { some, pending } = await this.credentials.revocationState();
    if (pending || (some && !this.toldSinceStart)) await this.push();
    this.toldSinceStart = true;
  }
}
