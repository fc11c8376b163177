import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** A fresh secret of 256 random bits in URL-safe characters, after a prefix that says what it is. */
export function newOpaqueToken(prefix: string): string {
  return `${prefix}${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** SHA-256 in hex: what is stored of a random secret. Passwords are guessable and need {@link PasswordHasher}. */
export function digestToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares two digests in constant time; false when their lengths differ. */
export function digestsEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
