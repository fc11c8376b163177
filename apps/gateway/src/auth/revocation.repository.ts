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

  /** Access tokens are long over after a day. */
  async deleteOld(): Promise<void> {
    await this.revocations.query(`DELETE FROM "auth"."revocations" WHERE "revokedAt" < now() - interval '1 day'`);
  }
}
