import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { ApiKey } from './api-key.entity.js';
import { Revocation } from '../sessions/revocation.entity.js';

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  find(apiKey: string): Promise<ApiKey | null> {
    return this.dataSource.manager.findOneBy(ApiKey, { apiKey });
  }

  /** A page in the order of ids, after an id. */
  list(limit: number, after: string | undefined): Promise<ApiKey[]> {
    const where = after === undefined ? {} : { apiKeyId: MoreThan(after) };
    return this.dataSource.manager.find(ApiKey, { where, order: { apiKeyId: 'ASC' }, take: limit });
  }

  async insert(key: Omit<ApiKey, 'createdAt'>): Promise<ApiKey> {
    await this.dataSource.manager.insert(ApiKey, key);
    return this.dataSource.manager.findOneByOrFail(ApiKey, { apiKeyId: key.apiKeyId });
  }

  /** Deletes a key and tells every replica; false when there is none. */
  delete(apiKeyId: string): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const { affected } = await tx.delete(ApiKey, { apiKeyId });
      if (affected !== 1) return false;
      await tx.insert(Revocation, { sessionId: apiKeyId });
      return true;
    });
  }
}
