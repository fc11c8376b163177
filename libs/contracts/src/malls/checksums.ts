import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';

const PREFIX = 'sha256:';

/** The collections of a mall's map, by the names that they have in checksums, in the order of those names. */
export const COLLECTIONS = ['areas', 'beacons', 'connections', 'merchants'] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** What one record of a collection is called in a change. */
export const RECORD_TYPES = {
  areas: 'area',
  beacons: 'beacon',
  connections: 'connection',
  merchants: 'merchant',
} as const satisfies Record<Collection, string>;
export type RecordType = (typeof RECORD_TYPES)[Collection];

/** Whether `value` is the name of a collection. */
export function isCollection(value: unknown): value is Collection {
  return typeof value === 'string' && Object.hasOwn(RECORD_TYPES, value);
}

/** `sha256:<hex>` of every collection and of all. */
export type Checksums = Readonly<Record<Collection | 'global', string>>;

/** A record's id and its checksum: 32 bytes, or hex with or without `sha256:`. */
export interface ChecksumEntry {
  readonly id: string;
  readonly checksum: Uint8Array | string;
}

/** SHA-256 of the canonical JSON (RFC 8785) of a record without its member `checksum` (decision C18), `sha256:<hex>`. */
export function recordChecksum(record: Readonly<Record<string, unknown>>): string {
  const { checksum: _checksum, ...rest } = record;
  return PREFIX + createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

/** The 32 bytes of a checksum. */
export function checksumBytes(checksum: string): Buffer {
  return Buffer.from(hexOf(checksum), 'hex');
}

/** `sha256:<hex>` of 32 bytes. */
export function checksumText(bytes: Uint8Array): string {
  return PREFIX + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Sums a collection entry by entry; the caller brings them in the order of the UTF-8 bytes of their ids. */
class CollectionSum {
  private readonly hash = createHash('sha256');

  add({ id, checksum }: ChecksumEntry): void {
    this.hash.update(`${id}:${hexOf(checksum)}\n`);
  }

  /** `sha256:<hex>`; nothing can be added afterwards. */
  end(): string {
    return PREFIX + this.hash.digest('hex');
  }
}

/** The sum of a collection: SHA-256 over one line `id:hex` per record, in the order of the bytes of the ids (C18). */
export function collectionChecksum(entries: Iterable<ChecksumEntry>): string {
  const sum = new CollectionSum();
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  for (const entry of sorted) sum.add(entry);
  return sum.end();
}

/** The sum of a mall: SHA-256 over one line `name:hex` per collection, in the order of the names (C18). */
export function globalChecksum(sums: Readonly<Record<Collection, string>>): string {
  const hash = createHash('sha256');
  for (const name of COLLECTIONS) hash.update(`${name}:${hexOf(sums[name])}\n`);
  return PREFIX + hash.digest('hex');
}

function hexOf(checksum: Uint8Array | string): string {
  if (typeof checksum !== 'string') return Buffer.from(checksum).toString('hex');
  return checksum.startsWith(PREFIX) ? checksum.slice(PREFIX.length) : checksum;
}
