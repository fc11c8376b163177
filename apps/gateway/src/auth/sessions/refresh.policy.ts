import type { RefreshToken, Session } from './session.entity.js';

/**
 * What a refresh token is worth.
 * - `rotate`: good; it is exchanged for a new one.
 * - `repeat`: the same client sent it twice at once; it gets a new one once more.
 * - `reuse`: exchanged before, or by someone else: one of the two is a thief, so the whole family ends.
 * - `ended`: the log-in is over.
 */
export type RefreshVerdict = 'rotate' | 'repeat' | 'reuse' | 'ended';

export interface RefreshAttempt {
  /** When the request came in, before it waited for others with the same token. */
  readonly arrivedAt: Date;
  /** See `clientFingerprint()`. */
  readonly client: string;
}

/**
 * Judges a refresh. Two tabs send one token at once: that is no theft as long as the second came in before the first was
 * answered, with the address and user agent of the first. It gets a sibling token of the same family, because the first
 * one's is stored as a hash and cannot be shown again. Whoever comes after the answer had the new token, or should have.
 */
export function judgeRefresh(
  token: Pick<RefreshToken, 'rotatedAt' | 'rotatedBy'>,
  session: Pick<Session, 'expiresAt' | 'revokedAt'>,
  { arrivedAt, client }: RefreshAttempt,
): RefreshVerdict {
  if (session.revokedAt !== null || session.expiresAt <= arrivedAt) return 'ended';
  if (token.rotatedAt === null) return 'rotate';
  return arrivedAt < token.rotatedAt && token.rotatedBy === client ? 'repeat' : 'reuse';
}
