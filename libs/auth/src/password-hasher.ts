import { randomBytes } from 'node:crypto';
import { argon2id, hash, verify } from 'argon2';
import { MusterError } from '#libs/contracts';

/** OWASP's argon2id minimum: 19 MiB, two passes, one lane: some 25 ms on one core. */
const ARGON2 = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** argon2 and WebCrypto share libuv's four threads: two stay free for checking tokens. */
const CONCURRENT_HASHES = 2;
const WAITING_HASHES = 200;

/** Hashes and checks passwords (argon2id), a bounded number at a time so that a flood of log-ins starves nobody. */
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly nobodysDigest = hash(randomBytes(16), ARGON2);

  /** @throws MusterError `OVERLOADED` when too many hashes are waiting. */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, ARGON2));
  }

  /**
   * Whether the password fits the digest. An undefined digest (unknown user) takes as long and never fits.
   * @throws MusterError `OVERLOADED` when too many hashes are waiting.
   */
  verify(digest: string | undefined, password: string): Promise<boolean> {
    return this.inTurn(async () => {
      const fits = await verify(digest ?? (await this.nobodysDigest), password);
      return digest !== undefined && fits;
    });
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= CONCURRENT_HASHES) await this.turn();
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= WAITING_HASHES) {
      throw new MusterError('OVERLOADED', 'Too many log-ins at once; try again in a second.', { retryAfterSeconds: 1 });
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
