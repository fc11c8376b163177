import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Why a log-in ended before its time. */
export type RevokedReason = 'logout' | 'reuse' | 'user_changed';

/** One log-in: the family of all refresh tokens that descend from it. */
@Entity({ schema: 'auth', name: 'sessions' })
export class Session {
  @PrimaryColumn('uuid')
  sessionId!: string;

  @Column('uuid')
  userId!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;

  @Column('text', { nullable: true })
  revokedReason!: RevokedReason | null;
}

/** A refresh token by its SHA-256; the token itself is nowhere. */
@Entity({ schema: 'auth', name: 'refreshTokens' })
export class RefreshToken {
  @PrimaryColumn('text')
  tokenHash!: string;

  @Column('uuid')
  sessionId!: string;

  @Column('timestamptz', { default: () => 'now()' })
  issuedAt!: Date;

  /** When it was exchanged; null while it is good. */
  @Column('timestamptz', { nullable: true })
  rotatedAt!: Date | null;

  /** Who exchanged it: see `clientFingerprint()`. */
  @Column('text', { nullable: true })
  rotatedBy!: string | null;
}
