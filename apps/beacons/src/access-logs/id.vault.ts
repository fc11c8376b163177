import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessLogsSettings } from './access-logs.settings.js';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Leads a pseudonym, so that a clear id of the time before encryption is told from one. */
const MARK = '~';

/** Who used which device, as the access log names them. */
export interface AccessIds {
  readonly userId: string | null;
  readonly deviceId: string | null;
}

/** The same, as it is stored. */
export interface StoredIds {
  readonly userId: string;
  readonly deviceId: string;
  readonly sealed: string | null;
}

/**
 * How the ids of people rest in the database: clear, or with a key as pseudonyms (HMAC-SHA256) beside the ids themselves in
 * AES-256-GCM. A pseudonym is the same every time, so that repeats and searches are found.
 */
@Injectable()
export class IdVault {
  private readonly keys: { readonly pseudonyms: Buffer; readonly seals: Buffer } | undefined;

  constructor({ restKey }: AccessLogsSettings) {
    this.keys =
      restKey === undefined
        ? undefined
        : { pseudonyms: derive(restKey, 'pseudonyms'), seals: derive(restKey, 'seals') };
  }

  store({ userId, deviceId }: AccessIds): StoredIds {
    if (!this.keys) return { userId: userId ?? '', deviceId: deviceId ?? '', sealed: null };
    return {
      userId: this.pseudonym(userId ?? ''),
      deviceId: this.pseudonym(deviceId ?? ''),
      sealed: userId === null && deviceId === null ? null : seal(this.keys.seals, JSON.stringify([userId, deviceId])),
    };
  }

  read({ userId, deviceId, sealed }: StoredIds): AccessIds {
    if (sealed === null) return { userId: userId === '' ? null : userId, deviceId: deviceId === '' ? null : deviceId };
    if (!this.keys) return { userId, deviceId };
    const [user, device] = open(this.keys.seals, sealed);
    return { userId: user ?? null, deviceId: device ?? null };
  }

  /** Every way in which an id may be stored: a search finds what came before encryption, too. */
  stored(id: string): readonly string[] {
    return this.keys ? [this.pseudonym(id), id] : [id];
  }

  private pseudonym(id: string): string {
    if (!this.keys || id === '') return id;
    return MARK + createHmac('sha256', this.keys.pseudonyms).update(id).digest('base64url').slice(0, 32);
  }
}

function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `muster access logs ${purpose}`, KEY_BYTES));
}

function seal(key: Buffer, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function open(key: Buffer, sealed: string): readonly (string | null)[] {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString(
    'utf8',
  );
  const ids: unknown = JSON.parse(text);
  return Array.isArray(ids) ? ids.map((id: unknown) => (typeof id === 'string' ? id : null)) : [];
}
