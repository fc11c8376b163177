import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Files of one orchestrator that only it can read: AES-256-GCM, a new nonce for each writing (orchestrators.txt 8.3). */
export class SealedFiles {
  private readonly key: Buffer;

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.key = loadOrCreateKey(join(directory, 'cache.key'));
  }

  /** What was written last under a name; undefined when there is nothing, or nothing that is whole. */
  read(name: string): unknown {
    const path = this.path(name);
    if (!existsSync(path)) return undefined;
    try {
      return JSON.parse(this.open(readFileSync(path), name));
    } catch {
      return undefined;
    }
  }

  /** Replaces what is under a name; a crash leaves either the old or the new. */
  write(name: string, value: unknown): void {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, this.seal(JSON.stringify(value), name), { mode: 0o600 });
    renameSync(unfinished, path);
  }

  path(name: string): string {
    return join(this.directory, `${name}.sealed`);
  }

  /** The name is authenticated too: one file cannot stand in for another. */
  private seal(text: string, name: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, iv).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  private open(bytes: Buffer, name: string): string {
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv(CIPHER, this.key, iv).setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}

function loadOrCreateKey(path: string): Buffer {
  if (!existsSync(path)) {
    writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600 });
    chmodSync(path, 0o600);
  }
  return readFileSync(path);
}
