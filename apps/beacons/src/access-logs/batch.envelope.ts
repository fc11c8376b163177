import { createDecipheriv, type KeyObject, webcrypto } from 'node:crypto';
import { type EncryptedBatch, MAX_JSON_DEPTH, MusterError, nestsDeeperThan } from '#libs/contracts';

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const IV_BYTES = { min: 12, max: 16 } as const;
const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const ALGORITHMS: ReadonlySet<string> = new Set(['AES-256-GCM', 'RSA-OAEP-SHA256+AES-256-GCM']);

/**
 * Decrypts a batch: AES-256-GCM whose key is encrypted by RSA-OAEP with SHA-256. What is wrong inside is not told apart, so
 * that nobody learns from the answers.
 * @throws MusterError `VALIDATION_FAILED`
 */
export async function openBatch(envelope: EncryptedBatch, privateKey: KeyObject): Promise<unknown> {
  if (envelope.algorithm && !ALGORITHMS.has(envelope.algorithm)) throw unreadable('algorithm', 'must be AES-256-GCM');
  const [iv, tag, data] = [bytesOf(envelope, 'iv'), bytesOf(envelope, 'authTag'), bytesOf(envelope, 'encryptedData')];
  if (iv.length < IV_BYTES.min || iv.length > IV_BYTES.max) throw unreadable('iv', 'must have 12 to 16 bytes');
  if (tag.length !== TAG_BYTES) throw unreadable('authTag', 'must have 16 bytes');
  const key = await keyOf(bytesOf(envelope, 'encryptedKey'), privateKey);
  return parse(decrypt({ key, iv, tag, data }));
}

function bytesOf(envelope: EncryptedBatch, name: 'iv' | 'authTag' | 'encryptedData' | 'encryptedKey'): Buffer {
  const text = envelope[name];
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  if (BASE64.test(text)) return Buffer.from(text, 'base64');
  throw unreadable(name, 'must be hex or base64');
}

async function keyOf(encryptedKey: Buffer, privateKey: KeyObject): Promise<Buffer> {
  try {
    // Web Crypto works in a thread of its own: RSA would hold up everybody for milliseconds.
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
    const usable = await webcrypto.subtle.importKey('pkcs8', pkcs8, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, [
      'decrypt',
    ]);
    const key = Buffer.from(await webcrypto.subtle.decrypt({ name: 'RSA-OAEP' }, usable, encryptedKey));
    if (key.length === KEY_BYTES) return key;
  } catch {
    // Told below like a key of the wrong length.
  }
  throw unreadable();
}

interface Sealed {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

function decrypt({ key, iv, tag, data }: Sealed): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw unreadable(undefined, undefined, cause);
  }
}

function parse(text: string): unknown {
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) throw unreadable();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(undefined, undefined, cause);
  }
}

function unreadable(
  member?: string,
  problem = 'cannot be decrypted to JSON with the platform’s key',
  cause?: unknown,
): MusterError {
  const field = member === undefined ? 'encrypted' : `encrypted.${member}`;
  return new MusterError(
    'VALIDATION_FAILED',
    `${field} ${problem}.`,
    { fields: [{ field, problems: [problem] }] },
    { cause },
  );
}
