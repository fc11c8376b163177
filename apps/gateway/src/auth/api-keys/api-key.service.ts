import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { digestToken, newOpaqueToken, type Principal } from '#libs/auth';
import { isUuid, MusterError, type UserRole } from '#libs/contracts';
import type { ApiKey } from './api-key.entity.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { toPage } from '../page.dto.js';
import { SessionRevocations } from '../sessions/session.revocations.js';

/** Administration of the keys that services call with. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly revocations: SessionRevocations,
  ) {}

  /** Makes a key; the secret is in the answer and nowhere else. */
  async create(name: string, roles: UserRole[], by: Principal): Promise<{ key: ApiKey; apiSecret: string }> {
    const apiSecret = newOpaqueToken('ms_');
    const key = await this.keys.insert({
      apiKeyId: randomUUID(),
      name,
      apiKey: newOpaqueToken('mk_'),
      secretHash: digestToken(apiSecret),
      roles,
      createdBy: by.id,
    });
    return { key, apiSecret };
  }

  /** A page in the order of ids. */
  async list(limit: number, after: string | undefined): Promise<{ items: ApiKey[]; next: string | null }> {
    return toPage(await this.keys.list(limit + 1, after), limit, ({ apiKeyId }) => apiKeyId);
  }

  /** @throws MusterError `API_KEY_NOT_FOUND`. */
  async delete(apiKeyId: string): Promise<void> {
    if (!isUuid(apiKeyId) || !(await this.keys.delete(apiKeyId))) {
      throw new MusterError('API_KEY_NOT_FOUND', `There is no API key "${apiKeyId}".`, { apiKeyId });
    }
    this.revocations.note([apiKeyId]);
  }
}
