import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { UserRole } from '#libs/contracts';

@Entity({ schema: 'auth', name: 'apiKeys' })
export class ApiKey {
  @PrimaryColumn('uuid')
  apiKeyId!: string;

  @Column('text')
  name!: string;

  /** The public half, sent as X-API-Key. */
  @Column('text')
  apiKey!: string;

  /** SHA-256 of the secret half. */
  @Column('text')
  secretHash!: string;

  @Column('text', { array: true })
  roles!: UserRole[];

  /** Id of the user or key that made it. */
  @Column('text')
  createdBy!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
