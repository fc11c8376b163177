import { Injectable } from '@nestjs/common';
import type { RateLimiterPostgres } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import { RATE_LIMITS } from '#libs/contracts';
import { sharedLimiter } from '../auth/shared.limiter.js';
import { countOne, refuseExceeded } from '../limits/allowance.js';

/** Challenges and proofs of one device together, over all replicas (orchestrators.txt 8.1). */
@Injectable()
export class BeaconLimiter {
  private readonly limiter: RateLimiterPostgres;

  constructor(dataSource: DataSource) {
    this.limiter = sharedLimiter(dataSource, {
      keyPrefix: 'beacon-authentication',
      ...RATE_LIMITS.beaconAuthentication,
    });
  }

  /** @throws MusterError `RATE_LIMIT_EXCEEDED` */
  async count({ entity_id, device_id }: { readonly entity_id: string; readonly device_id: string }): Promise<void> {
    refuseExceeded(await countOne(this.limiter, `${entity_id}/${device_id}`), 'challenges and proofs of a beacon');
  }
}
