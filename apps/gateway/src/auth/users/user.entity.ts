import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { UserRole } from '#libs/contracts';

@Entity({ schema: 'auth', name: 'users' })
export class User {
  @PrimaryColumn('uuid')
  userId!: string;

  @Column('text')
  username!: string;

  /** What log-in compares: see `usernameKey()`. */
  @Column('text')
  usernameKey!: string;

  @Column('text')
  passwordHash!: string;

  @Column('text', { array: true })
  roles!: UserRole[];

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}

/** `Ada`, `ADA` and a full-width spelling of it are one user. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}
