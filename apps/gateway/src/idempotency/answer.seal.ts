import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Whose request it is: the caller, the route and the key that the caller chose. */
export interface KeyedCaller {
  readonly scope: string;
  readonly route: string;
  readonly key: string;
}

/**
 * What is derived from an idempotency key. Only `keyHash` and MACs are stored: whoever reads the table can neither read
 * the answers, which hold tokens, nor try bodies, which hold secrets.
 */
export class RequestSecrets {
  readonly keyHash: Buffer;

  constructor(private readonly caller: KeyedCaller) {
    const { scope, route, key } = caller;
    this.keyHash = createHash('sha256')
      .update(JSON.stringify([scope, route, key]))
      .digest();
  }

  /** Equal for equal requests. */
  fingerprint(parts: readonly string[]): Buffer {
    return createHmac('sha256', this.derive('fingerprint')).update(JSON.stringify(parts)).digest();
  }

  /** Nonce, tag and the encrypted text. */
  seal(text: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.derive('answer'), nonce).setAAD(this.keyHash);
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** @throws Error when it was not sealed with these secrets. */
  open(sealed: Buffer): Buffer {
    const [tagAt, textAt] = [NONCE_BYTES, NONCE_BYTES + TAG_BYTES];
    const decipher = createDecipheriv(CIPHER, this.derive('answer'), sealed.subarray(0, tagAt), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.keyHash).setAuthTag(sealed.subarray(tagAt, textAt));
    return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]);
  }

  private derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.caller.key, this.keyHash, `muster idempotency ${purpose}`, KEY_BYTES));
  }
}
