import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import type { Random } from '../../world/random.js';

/** One access as a beacon notes it (orchestrators.txt 6.3). */
export interface AccessLogLine {
  readonly timestamp: string;
  readonly user_id: string;
  readonly device_id: string;
  readonly result: 'success' | 'failed';
  readonly method: 'ecdsa_proof';
  readonly duration_ms: number;
  readonly error?: 'signature_invalid';
}

const FAILURES = 0.05;
const VISITORS = 400;

/** Somebody at the gate. */
export function accessAt(at: Date, random: Random): AccessLogLine {
  const visitor = Math.floor(random.next() * VISITORS);
  const line = {
    timestamp: at.toISOString(),
    user_id: `user-${visitor}`,
    device_id: `mobile-${visitor}`,
    method: 'ecdsa_proof',
    duration_ms: Math.round(random.between(40, 200)),
  } as const;
  return random.happens(FAILURES)
    ? { ...line, result: 'failed', error: 'signature_invalid' }
    : { ...line, result: 'success' };
}

const KEY_BYTES = 32;
const IV_BYTES = 12;

/** A batch as it goes up when the platform has shown its key: AES-256-GCM, the key under RSA-OAEP (decision C16). */
export function encryptBatch(batch: object, publicKeyPem: string): Readonly<Record<string, string>> {
  const [key, iv] = [randomBytes(KEY_BYTES), randomBytes(IV_BYTES)];
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(batch), 'utf8'), cipher.final()]);
  const oaep = { key: publicKeyPem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  return {
    encryptedData: sealed.toString('base64'),
    encryptedKey: publicEncrypt(oaep, key).toString('base64'),
    iv: iv.toString('base64'),
    authTag: cipher.getAuthTag().toString('base64'),
    algorithm: 'AES-256-GCM',
  };
}
