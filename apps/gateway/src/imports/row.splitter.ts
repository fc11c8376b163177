import { type Collection, MAX_RECORD_BYTES, MusterError } from '#libs/contracts';

/** A record as it stands in the upload. */
export interface RawRow {
  /** Counts from 1. */
  readonly row: number;
  /** Absent where the row itself says it. */
  readonly collection?: Collection;
  /** `undefined` when it is larger than any record may be. */
  readonly bytes: Buffer | undefined;
}

/** Cuts an upload into rows, chunk by chunk, holding no more than one row. */
export interface RowSplitter {
  /** Collections that the upload has named so far outside its rows; `replace` is about them too. */
  readonly collections: readonly Collection[];
  push(chunk: Uint8Array): readonly RawRow[];
  /** The rest. @throws UploadProblem when the upload is not whole. */
  end(): readonly RawRow[];
}

/** An upload that cannot be read on; the rows before it are good. */
export class UploadProblem extends MusterError {}

/** The text of a row; blanks inside may make it longer than the record. */
export const MAX_ROW_BYTES = 2 * MAX_RECORD_BYTES;

/** Collects the bytes of one row over the chunks in which they come; beyond the limit it forgets them. */
export class RowBuffer {
  /** Where in the present chunk the reader stands. */
  at = 0;
  private chunk: Uint8Array = new Uint8Array();
  private parts: Uint8Array[] = [];
  private sizeBytes = 0;
  /** Where in the present chunk the row goes on; undefined between rows. */
  private from: number | undefined;

  /** Begins a chunk. */
  enter(chunk: Uint8Array): void {
    this.chunk = chunk;
    if (this.from !== undefined) this.from = 0;
  }

  /** Ends a chunk: what belongs to an unfinished row is kept. */
  leave(): void {
    if (this.from !== undefined) this.keep(this.chunk.subarray(this.from));
  }

  /** A row begins `skip` bytes after the present one. */
  begin(skip: number): void {
    this.parts = [];
    this.sizeBytes = 0;
    this.from = this.at + skip;
  }

  /** The row, up to the present byte and `extra` more; `undefined` when it is too large. */
  end(extra: number): Buffer | undefined {
    this.keep(this.chunk.subarray(this.from ?? this.at, this.at + extra));
    this.from = undefined;
    const row = this.sizeBytes > MAX_ROW_BYTES ? undefined : Buffer.concat(this.parts);
    this.parts = [];
    return row;
  }

  private keep(part: Uint8Array): void {
    this.sizeBytes += part.length;
    if (this.sizeBytes > MAX_ROW_BYTES) this.parts = [];
    else if (part.length > 0) this.parts.push(Buffer.from(part));
  }
}
