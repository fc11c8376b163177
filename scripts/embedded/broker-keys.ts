import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createBrokerKeys,
  mintSystemUser,
  mintUser,
  parseBrokerKeys,
  type BrokerKeys,
  type BrokerPermissions,
} from '#libs/auth';
import { inboxPrefixOf, SERVICE_USERS } from '#libs/contracts';

/** Users beside the services: the nats CLI, the step that makes streams, and the account that holds revocations. */
const TOOL_USERS = {
  admin: { publish: ['>'], subscribe: ['>'] },
  provisioner: { publish: ['$JS.API.>'], subscribe: [`${inboxPrefixOf('provisioner')}.>`] },
} as const satisfies Record<string, BrokerPermissions>;

export const SYSTEM_USER = 'system';

const EVERYTHING: BrokerPermissions = { publish: ['>'], subscribe: ['>'] };

/**
 * Makes sure that `directory` holds the broker's keys and one .creds file per user.
 * A user whose rights changed since its file was written gets a new one.
 */
export async function prepareBrokerKeys(directory: string): Promise<BrokerKeys> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const keys = await loadOrCreateKeys(join(directory, 'keys.json'));
  for (const [name, permissions] of Object.entries({ ...SERVICE_USERS, ...TOOL_USERS })) {
    const issuer = keys.accountSigningSeed;
    await writeCreds({ directory, name, permissions, issuer }, () => mintUser(keys, { name, permissions }));
  }
  await writeCreds({ directory, name: SYSTEM_USER, permissions: EVERYTHING, issuer: keys.systemAccountSeed }, () =>
    mintSystemUser(keys, { name: SYSTEM_USER, permissions: EVERYTHING }),
  );
  return keys;
}

/** The path of a user's credentials below the broker's directory. */
export function credsPath(directory: string, user: string): string {
  return join(directory, `${user}.creds`);
}

async function loadOrCreateKeys(file: string): Promise<BrokerKeys> {
  if (existsSync(file)) return parseBrokerKeys(readFileSync(file, 'utf8'));
  const keys = await createBrokerKeys();
  writeFileSync(file, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: 0o600 });
  return keys;
}

interface CredsFile {
  readonly directory: string;
  readonly name: string;
  readonly permissions: BrokerPermissions;
  readonly issuer: string;
}

async function writeCreds(file: CredsFile, mint: () => Promise<{ readonly creds: string }>): Promise<void> {
  const path = credsPath(file.directory, file.name);
  // The first line of a .creds file is free text before the markers; it remembers which rights were granted.
  const label = `rights ${createHash('sha256')
    .update(JSON.stringify([file.permissions, file.issuer]))
    .digest('hex')}`;
  if (existsSync(path) && readFileSync(path, 'utf8').startsWith(`${label}\n`)) return;
  const { creds } = await mint();
  writeFileSync(path, `${label}\n${creds}`, { mode: 0o600 });
}
