import type { RefreshToken, Session } from './session.entity.js';

/**
 * What a refresh token is worth.
 * - `rotate`: good; it is exchanged for a new one.
 * - `repeat`: exchanged a moment ago by the same client; it gets a new one once more.
 * - `reuse`: exchanged before, or by someone else: one of the two is a thief, so the whole family ends.
 * - `ended`: the log-in is over.
 */
export type RefreshVerdict = 'rotate' | 'repeat' | 'reuse' | 'ended';

export interface RefreshAttempt {
  readonly at: Date;
  /** See `clientFingerprint()`. */
  readonly client: string;
  /** How long a repeat is taken for the same client's second try. */
  readonly graceMs: number;
}

/**
 * Judges a refresh. Two tabs, or a retry after a lost answer, send one token twice within seconds: that is no theft as long
 * as address and user agent are those of the first exchange. The second gets a sibling token of the same family, because
 * the first one's is stored as a hash and cannot be shown again. What it costs: a thief behind the same address with the
 * same user agent has `graceMs` to use a stolen token unseen; the family still ends when a sibling's ancestor comes back later.
 */
export function judgeRefresh(
  token: Pick<RefreshToken, 'rotatedAt' | 'rotatedBy'>,
  session: Pick<Session, 'expiresAt' | 'revokedAt'>,
  { at, client, graceMs }: RefreshAttempt,
): RefreshVerdict {
  if (session.revokedAt !== null || session.expiresAt <= at) return 'ended';
  if (token.rotatedAt === null) return 'rotate';
  const ageMs = at.getTime() - token.rotatedAt.getTime();
  return ageMs < graceMs && token.rotatedBy === client ? 'repeat' : 'reuse';
}
