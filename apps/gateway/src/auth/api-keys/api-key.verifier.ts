import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { digestsEqual, digestToken, type Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { ApiKeyRepository } from './api-key.repository.js';
import type { Credentials, CredentialVerifier } from '../credentials.js';

const CACHED_KEYS = 10_000;
/** A deleted key is also revoked by id, so this only spares the database. */
const CACHED_FOR_MS = 10_000;

/** An API key with its secret in plain headers. The signed form is another verifier beside this one. */
@Injectable()
export class ApiKeyVerifier implements CredentialVerifier {
  /** SHA-256 of key and secret → who they prove. */
  private readonly verified = new LRUCache<string, Principal>({ max: CACHED_KEYS, ttl: CACHED_FOR_MS });

  constructor(private readonly repository: ApiKeyRepository) {}

  verify({ apiKey, apiSecret }: Credentials): Promise<Principal> | undefined {
    return apiKey === undefined || apiSecret === undefined ? undefined : this.check(apiKey, apiSecret);
  }

  private async check(apiKey: string, apiSecret: string): Promise<Principal> {
    const secretHash = digestToken(apiSecret);
    const cacheKey = `${digestToken(apiKey)}${secretHash}`;
    const known = this.verified.get(cacheKey);
    if (known) return known;
    const found = isKeyShaped(apiKey) ? await this.repository.find(apiKey) : null;
    if (!found || !digestsEqual(found.secretHash, secretHash)) {
      throw new MusterError('AUTH_INVALID_CREDENTIALS', 'The API key or its secret is wrong, or the key was deleted.');
    }
    const { apiKeyId, name, roles } = found;
    const principal: Principal = { kind: 'apiKey', id: apiKeyId, name, roles, expiresAt: null, sessionId: apiKeyId };
    this.verified.set(cacheKey, principal);
    return principal;
  }
}

/** What `newOpaqueToken` makes; anything else is not worth a query. */
function isKeyShaped(apiKey: string): boolean {
  return /^mk_[\w-]{43}$/.test(apiKey);
}
