import { createHash } from 'node:crypto';
import { decodeJwt, errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { MusterError } from '#libs/contracts';
import type { Principal } from './principal.js';
import { toPrincipal } from './token-claims.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Asymmetric only: with HS256 a public key could be replayed as a shared secret. `none` is no algorithm. */
export const ACCEPTED_ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;

const MAX_TOKEN_CHARS = 8192;
const CACHED_TOKENS = 20_000;
/** A signing key that its issuer withdraws stops counting within this time. */
const CACHED_FOR_MS = 300_000;

/** Checks JWTs of several issuers. A token seen before costs one hash. */
export class TokenVerifier {
  private readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  /** SHA-256 of the token → who it proves; never the token itself. */
  private readonly verified: LRUCache<string, Principal>;

  constructor(issuers: readonly TrustedIssuer[], cachedTokens = CACHED_TOKENS) {
    this.issuers = new Map(issuers.map((trusted) => [trusted.issuer, trusted]));
    this.verified = new LRUCache({ max: cachedTokens });
  }

  /**
   * Says who the token proves.
   * @throws MusterError `AUTH_TOKEN_EXPIRED`, `AUTH_INVALID_TOKEN`, or `SERVICE_UNAVAILABLE` when the keys cannot be had.
   */
  async verify(token: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_CHARS) throw invalidToken(`A token has at most ${MAX_TOKEN_CHARS} characters.`);
    const key = createHash('sha256').update(token).digest('base64url');
    const known = this.verified.get(key);
    if (known) return known;
    const principal = await this.check(token);
    const lifeMs = (principal.expiresAt?.getTime() ?? 0) - Date.now();
    if (lifeMs > 0) this.verified.set(key, principal, { ttl: Math.min(lifeMs, CACHED_FOR_MS) });
    return principal;
  }

  private async check(token: string): Promise<Principal> {
    try {
      const issuer = this.issuerOf(token);
      const { payload } = await jwtVerify(token, issuer.keys, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: [...ACCEPTED_ALGORITHMS],
        requiredClaims: ['sub', 'exp'],
        clockTolerance: issuer.clockToleranceSeconds ?? 0,
      });
      return toPrincipal(payload, issuer);
    } catch (error) {
      throw toMusterError(error);
    }
  }

  private issuerOf(token: string): TrustedIssuer {
    const { iss } = decodeJwt(token);
    const issuer = this.issuers.get(iss ?? '');
    if (!issuer) throw invalidToken('The token comes from an issuer that is not trusted here.');
    return issuer;
  }
}

function toMusterError(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  if (error instanceof errors.JWTExpired) {
    return new MusterError('AUTH_TOKEN_EXPIRED', 'The access token has expired; refresh it.', {}, { cause: error });
  }
  if (isKeyOutage(error)) {
    return new MusterError('SERVICE_UNAVAILABLE', "The issuer's keys cannot be fetched now.", {}, { cause: error });
  }
  return invalidToken('The access token is not valid; log in again.', error);
}

/** A token that could not be judged, as opposed to a bad one: jose's generic error is a JWKS answer other than 200. */
function isKeyOutage(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(error.code);
}

function invalidToken(message: string, cause?: unknown): MusterError {
  return new MusterError('AUTH_INVALID_TOKEN', message, {}, { cause });
}
