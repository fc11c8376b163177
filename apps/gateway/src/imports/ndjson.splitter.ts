import type { Collection } from '#libs/contracts';
import { type RawRow, RowBuffer, type RowSplitter } from './row.splitter.js';

const LINE_FEED = 0x0a;

/** Cuts an upload into its lines; empty ones are counted and left out. Rows say themselves where they belong. */
export class NdjsonSplitter implements RowSplitter {
  readonly collections: readonly Collection[] = [];
  private readonly text = new RowBuffer();
  private line = 0;
  private isOpen = false;

  push(chunk: Uint8Array): readonly RawRow[] {
    const rows: RawRow[] = [];
    this.text.enter(chunk);
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(LINE_FEED, from);
      this.text.at = from;
      if (!this.isOpen) this.text.begin(0);
      this.isOpen = end < 0;
      if (end < 0) break;
      this.text.at = end;
      rows.push(...this.take());
      from = end + 1;
    }
    this.text.leave();
    return rows;
  }

  end(): readonly RawRow[] {
    if (!this.isOpen) return [];
    this.isOpen = false;
    this.text.enter(new Uint8Array());
    this.text.at = 0;
    return this.take();
  }

  private take(): readonly RawRow[] {
    this.line++;
    const bytes = this.text.end(0);
    const isEmpty = bytes !== undefined && bytes.toString('latin1').trim() === '';
    return isEmpty ? [] : [{ row: this.line, bytes }];
  }
}
