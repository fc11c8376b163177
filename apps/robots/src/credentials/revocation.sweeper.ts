import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { MusterError } from '#libs/contracts';
import { Ticker } from '#libs/platform';
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

  /**
   * Returns once the broker has taken the list.
   * @throws MusterError `SERVICE_UNAVAILABLE`; what is revoked stays so, and the sweep goes on trying
   */
  async pushNow(): Promise<void> {
    try {
      await this.push();
    } catch (cause) {
      const message = 'The credentials are revoked, but the broker could not be told yet; that is tried again soon.';
      throw new MusterError('SERVICE_UNAVAILABLE', message, { retriedAfterMs: SWEEP_MS }, { cause });
    }
  }

  private async push(): Promise<void> {
    await this.credentials.pushRevocations((revocations) => this.account.revoke(revocations));
    this.logger.log({ event: 'revocations_pushed' });
  }

  private async sweep(): Promise<boolean> {
    const { some, pending } = await this.credentials.revocationState();
    if (pending || (some && !this.toldSinceStart)) await this.push();
    this.toldSinceStart = true;
    return false;
  }
}
