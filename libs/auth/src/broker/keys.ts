import { encodeAccount, encodeOperator } from '@nats-io/jwt';
import { createAccount, createOperator, type KeyPair } from '@nats-io/nkeys';
import { accountClaims } from './account.js';

/** What a broker in operator mode is built from; the seeds can mint every right there is. */
export interface BrokerKeys {
  readonly version: 1;
  readonly operatorSeed: string;
  readonly accountSeed: string;
  /** Signs users; the account's own key stays out of daily use. */
  readonly accountSigningSeed: string;
  readonly systemAccountSeed: string;
  readonly operatorJwt: string;
  readonly accountJwt: string;
  readonly systemAccountJwt: string;
}

const FIELDS = [
  'operatorSeed',
  'accountSeed',
  'accountSigningSeed',
  'systemAccountSeed',
  'operatorJwt',
  'accountJwt',
  'systemAccountJwt',
] as const;

/** Makes a new operator, its system account and the account that everything of Muster lives in. */
export async function createBrokerKeys(): Promise<BrokerKeys> {
  const [operator, account, signing, system] = [createOperator(), createAccount(), createAccount(), createAccount()];
  const seeds = {
    operatorSeed: seedOf(operator),
    accountSeed: seedOf(account),
    accountSigningSeed: seedOf(signing),
    systemAccountSeed: seedOf(system),
  };
  return {
    version: 1,
    ...seeds,
    operatorJwt: await encodeOperator('muster', operator, { system_account: system.getPublicKey() }),
    accountJwt: await accountClaims(seeds, new Map()),
    systemAccountJwt: await encodeAccount('SYS', system, { limits: SYSTEM_LIMITS }, { signer: operator }),
  };
}

/** Account limits of zero mean "none allowed"; JetStream must stay at zero here, or the server refuses to start. */
const SYSTEM_LIMITS = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  conn: -1,
  leaf: -1,
  wildcards: true,
  mem_storage: 0,
  disk_storage: 0,
  streams: 0,
  consumer: 0,
} as const;

/** Reads keys.json; throws an error that names what is missing. */
export function parseBrokerKeys(text: string): BrokerKeys {
  const read: unknown = JSON.parse(text);
  const known = new Map<string, unknown>(typeof read === 'object' && read !== null ? Object.entries(read) : []);
  const field = (name: (typeof FIELDS)[number]): string => {
    const value = known.get(name);
    if (typeof value !== 'string' || value === '') throw new Error(`broker keys: "${name}" is missing`);
    return value;
  };
  return {
    version: 1,
    operatorSeed: field('operatorSeed'),
    accountSeed: field('accountSeed'),
    accountSigningSeed: field('accountSigningSeed'),
    systemAccountSeed: field('systemAccountSeed'),
    operatorJwt: field('operatorJwt'),
    accountJwt: field('accountJwt'),
    systemAccountJwt: field('systemAccountJwt'),
  };
}

function seedOf(pair: KeyPair): string {
  return new TextDecoder().decode(pair.getSeed());
}
