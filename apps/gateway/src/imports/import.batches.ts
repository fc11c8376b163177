import type { ImportRow } from '#libs/contracts';
import { toImportRow } from './import.row.js';
import { type RawRow, type RowSplitter, UploadProblem } from './row.splitter.js';

const MAX_ROWS = 500;
/** The broker takes 1 MiB; a row has at most 256 KiB. */
const MAX_BYTES = 512 * 1024;
/** A slow upload shows progress all the same. */
const MAX_AGE_MS = 2_000;

/** An upload on its way. */
export interface Upload {
  readonly entityId: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly splitter: RowSplitter;
  readonly maxBytes: number;
}

/**
 * Reads an upload batch by batch, and no faster than batches are taken. @throws UploadProblem when it cannot be read to its
 * end, after the batch of what came before.
 */
export async function* batchesOf({ entityId, body, splitter, maxBytes }: Upload): AsyncGenerator<readonly ImportRow[]> {
  const batch = new Batch(entityId);
  try {
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new UploadProblem('PAYLOAD_TOO_LARGE', tooLarge(maxBytes));
      yield* batch.add(splitter.push(chunk));
      if (batch.isOld) yield batch.take();
    }
    yield* batch.add(splitter.end());
  } catch (error) {
    if (!batch.isEmpty) yield batch.take();
    throw error;
  }
  if (!batch.isEmpty) yield batch.take();
}

export const tooLarge = (maxBytes: number): string => `An upload has at most ${String(maxBytes)} bytes.`;

class Batch {
  private rows: ImportRow[] = [];
  private sizeBytes = 0;
  private startedAtMs = 0;

  constructor(private readonly entityId: string) {}

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  get isOld(): boolean {
    return !this.isEmpty && performance.now() - this.startedAtMs > MAX_AGE_MS;
  }

  /** Full batches, as rows fill them. */
  *add(raw: readonly RawRow[]): Generator<readonly ImportRow[]> {
    for (const one of raw) {
      const row = toImportRow(this.entityId, one);
      const rowBytes = Buffer.byteLength(JSON.stringify(row));
      if (!this.isEmpty && (this.rows.length === MAX_ROWS || this.sizeBytes + rowBytes > MAX_BYTES)) yield this.take();
      if (this.isEmpty) this.startedAtMs = performance.now();
      this.rows.push(row);
      this.sizeBytes += rowBytes;
    }
  }

  take(): readonly ImportRow[] {
    const { rows } = this;
    this.rows = [];
    this.sizeBytes = 0;
    return rows;
  }
}
