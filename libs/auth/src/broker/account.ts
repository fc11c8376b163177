import { encodeAccount, type RevocationList } from '@nats-io/jwt';
import type { NatsConnection } from '@nats-io/transport-node';
import { keyPair } from './key-pair.js';

/** The broker's own request for replacing an account's claims; answered in the system account only. */
const CLAIMS_UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
const CLAIMS_UPDATE_TIMEOUT_MS = 5_000;

const UNLIMITED = -1;

export interface AccountSeeds {
  readonly operatorSeed: string;
  readonly accountSeed: string;
  readonly accountSigningSeed: string;
}

/**
 * The signed claims of Muster's account.
 * @param revocations user id (public nkey) → moment; that user's credentials issued up to then are refused
 */
export async function accountClaims(seeds: AccountSeeds, revocations: ReadonlyMap<string, Date>): Promise<string> {
  const account = keyPair(seeds.accountSeed);
  const claims = {
    limits: {
      subs: UNLIMITED,
      data: UNLIMITED,
      payload: UNLIMITED,
      imports: UNLIMITED,
      exports: UNLIMITED,
      conn: UNLIMITED,
      leaf: UNLIMITED,
      wildcards: true,
      disallow_bearer: true,
      mem_storage: UNLIMITED,
      disk_storage: UNLIMITED,
      streams: UNLIMITED,
      consumer: UNLIMITED,
    },
    signing_keys: [keyPair(seeds.accountSigningSeed).getPublicKey()],
    revocations: toRevocationList(revocations),
  };
  return encodeAccount('MUSTER', account, claims, { signer: keyPair(seeds.operatorSeed) });
}

/**
 * Replaces the account's claims on the running broker, which disconnects users they revoke.
 * @param system a connection of the system account
 * @throws Error with the broker's reason when it refuses
 */
export async function pushAccountClaims(system: NatsConnection, claims: string): Promise<void> {
  const reply = await system.request(CLAIMS_UPDATE, claims, { timeout: CLAIMS_UPDATE_TIMEOUT_MS });
  const answer = reply.json<unknown>();
  if (typeof answer === 'object' && answer !== null && 'data' in answer) return;
  throw new Error(`the broker refused the account's claims: ${reply.string()}`);
}

function toRevocationList(revocations: ReadonlyMap<string, Date>): RevocationList {
  return Object.fromEntries([...revocations].map(([userId, at]) => [userId, Math.floor(at.getTime() / 1000)]));
}
