import type { JWK } from 'jose';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key that access tokens are signed with. The newest signs; all that are not retired verify. */
@Entity({ schema: 'auth', name: 'signingKeys' })
export class SigningKey {
  @PrimaryColumn('text')
  kid!: string;

  @Column('jsonb')
  privateJwk!: JWK;

  @Column('jsonb')
  publicJwk!: JWK;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  retiredAt!: Date | null;
}
