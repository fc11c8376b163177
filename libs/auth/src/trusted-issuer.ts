import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

/** Someone whose tokens we believe, and how to read them. */
export interface TrustedIssuer {
  /** Must equal the token's `iss`. */
  readonly issuer: string;
  /** Must be among the token's `aud`. */
  readonly audience: string;
  readonly kind: 'user' | 'foreign';
  readonly keys: JWTVerifyGetKey;
  /** Name or dotted path of the claim that lists roles; `roles` by default. */
  readonly rolesClaim?: string;
  /** How far the issuer's clock may be off; 0 by default. */
  readonly clockToleranceSeconds?: number;
}

/** The keys behind a JWKS URL: fetched on first use, again every ten minutes and for an unknown `kid` (at most every 30 s). */
export function remoteKeys(jwksUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUrl));
}
