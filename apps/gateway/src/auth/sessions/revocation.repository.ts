import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, Repository } from 'typeorm';
import { Revocation } from './revocation.entity.js';

@Injectable()
export class RevocationRepository {
  constructor(@InjectRepository(Revocation) private readonly revocations: Repository<Revocation>) {}

  /** Revocations after an instant of the database's clock. */
  since(revokedAt: Date): Promise<Revocation[]> {
    return this.revocations.findBy({ revokedAt: MoreThan(revokedAt) });
  }

  /** Ends grants of devices; what was ended before stays so. */
  async add(sessionIds: readonly string[]): Promise<void> {
    await this.revocations.query(
      `INSERT INTO "auth"."revocations" ("sessionId") SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`,
      [sessionIds],
    );
  }

  /** Drops what ended so long ago that no token of it can be good. */
  async deleteOld(longestProofS: number): Promise<void> {
    await this.revocations.query(
      `DELETE FROM "auth"."revocations" WHERE "revokedAt" < now() - make_interval(secs => $1)`,
      [longestProofS],
    );
  }
}
