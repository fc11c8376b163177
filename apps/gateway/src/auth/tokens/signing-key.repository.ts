import { Injectable } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { SigningKey } from './signing-key.entity.js';

export type NewSigningKey = Pick<SigningKey, 'kid' | 'privateJwk' | 'publicJwk'>;

@Injectable()
export class SigningKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Keys that are not retired, newest first. */
  active(): Promise<SigningKey[]> {
    return this.dataSource.manager.find(SigningKey, { where: { retiredAt: IsNull() }, order: { createdAt: 'DESC' } });
  }

  /** Stores a first key unless there is one; of several replicas that start at once, one does. */
  async ensureOne(generate: () => Promise<NewSigningKey>): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.auth.signingKeys', 0))`);
      if (await tx.existsBy(SigningKey, { retiredAt: IsNull() })) return;
      await tx.insert(SigningKey, await generate());
    });
  }
}
