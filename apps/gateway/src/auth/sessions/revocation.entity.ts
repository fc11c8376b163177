import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A log-in or API key whose still unexpired proofs no longer count. Read by every replica once a second. */
@Entity({ schema: 'auth', name: 'revocations' })
export class Revocation {
  /** A session's id, or an API key's. */
  @PrimaryColumn('uuid')
  sessionId!: string;

  @Column('timestamptz', { default: () => 'now()' })
  revokedAt!: Date;
}
