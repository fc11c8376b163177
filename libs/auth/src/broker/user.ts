import { encodeUser, fmtCreds, parseCreds, type Permission } from '@nats-io/jwt';
import type { KeyPair } from '@nats-io/nkeys';
import { keyPair, newUserPair } from './key-pair.js';

/** Subjects that a user may publish on and subscribe to; an empty list means none. */
export interface BrokerPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export interface NewBrokerUser {
  readonly name: string;
  readonly permissions: BrokerPermissions;
  readonly expiresAt?: Date;
}

export interface MintedUser {
  /** The text of a .creds file: JWT and seed, shown once. */
  readonly creds: string;
  /** The public nkey: what a revocation names. */
  readonly userId: string;
}

/** A user of Muster's account, signed by the account's signing key. */
export async function mintUser(
  keys: { readonly accountSeed: string; readonly accountSigningSeed: string },
  user: NewBrokerUser,
): Promise<MintedUser> {
  return encode(user, keyPair(keys.accountSigningSeed), keyPair(keys.accountSeed).getPublicKey());
}

/** A user of the system account: it may replace claims and read the server's own state. */
export async function mintSystemUser(
  keys: { readonly systemAccountSeed: string },
  user: NewBrokerUser,
): Promise<MintedUser> {
  return encode(user, keyPair(keys.systemAccountSeed));
}

/** Reads a .creds text: whose it is and which account it belongs to. */
export async function readCreds(creds: string): Promise<{ userId: string; name: string; accountId: string }> {
  const { uc, aid } = await parseCreds(new TextEncoder().encode(creds));
  return { userId: uc.sub, name: uc.name, accountId: aid };
}

async function encode(user: NewBrokerUser, issuer: KeyPair, issuerAccount?: string): Promise<MintedUser> {
  const pair = newUserPair();
  const claims = {
    pub: toPermission(user.permissions.publish),
    sub: toPermission(user.permissions.subscribe),
    bearer_token: false,
    ...(issuerAccount === undefined ? {} : { issuer_account: issuerAccount }),
  };
  const validity = user.expiresAt === undefined ? {} : { exp: Math.floor(user.expiresAt.getTime() / 1000) };
  const jwt = await encodeUser(user.name, pair, issuer, claims, validity);
  return { creds: new TextDecoder().decode(fmtCreds(jwt, pair)), userId: pair.getPublicKey() };
}

/** To the broker an empty allow list means "everything". */
function toPermission(subjects: readonly string[]): Partial<Permission> {
  return subjects.length === 0 ? { deny: ['>'] } : { allow: [...subjects] };
}
