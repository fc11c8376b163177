import { type Collection, isCollection } from '#libs/contracts';
import { type RawRow, RowBuffer, type RowSplitter, UploadProblem } from './row.splitter.js';

type State = (byte: number) => void;

const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
const MAX_KEY_BYTES = 1_024;

const code = (character: string): number => character.charCodeAt(0);

/**
 * Cuts `{"areas": […], "beacons": […], …}` into its records, byte by byte, whatever the chunks are; other members are
 * skipped. A record is cut out by its brackets alone, so that a bad one leaves the next ones readable.
 */
export class JsonMallSplitter implements RowSplitter {
  private state: State = (byte) => {
    if (byte !== BYTE_ORDER_MARK[this.offset]) this.expect(byte, '{', this.memberOrEnd);
  };
  private readonly text = new RowBuffer();
  private rows: RawRow[] = [];
  private collection: Collection | undefined;
  private readonly named = new Set<Collection>();
  private row = 0;
  private offset = 0;
  private depth = 0;
  private inString = false;
  private isEscaped = false;
  private isOver = false;

  get collections(): readonly Collection[] {
    return [...this.named];
  }

  push(chunk: Uint8Array): readonly RawRow[] {
    this.text.enter(chunk);
    for (let at = 0; at < chunk.length; at++) {
      this.text.at = at;
      this.state(chunk[at] ?? 0);
      this.offset++;
    }
    this.text.leave();
    return this.taken();
  }

  end(): readonly RawRow[] {
    if (!this.isOver) throw new UploadProblem('MALFORMED_JSON', `The upload breaks off after ${this.offset} bytes.`);
    return this.taken();
  }

  private taken(): readonly RawRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }

  private expect(byte: number, character: string, next: State): void {
    if (SPACES.has(byte)) return;
    if (byte !== code(character)) throw this.unexpected(character);
    this.state = next;
  }

  private readonly memberOrEnd: State = (byte) => {
    if (byte === code('}')) this.finish();
    else this.member(byte);
  };

  private readonly member: State = (byte) => {
    this.expect(byte, '"', this.key);
    if (byte === QUOTE) this.text.begin(1);
  };

  private readonly key: State = (byte) => {
    if (this.staysInString(byte)) return;
    const bytes = this.text.end(0);
    if (!bytes || bytes.length > MAX_KEY_BYTES) throw this.unexpected('a short name');
    const name = bytes.toString('utf8');
    this.collection = isCollection(name) ? name : undefined;
    if (this.collection) this.named.add(this.collection);
    this.state = this.colon;
  };

  private readonly colon: State = (byte) => this.expect(byte, ':', this.collection ? this.array : this.beforeOther);

  private readonly array: State = (byte) => this.expect(byte, '[', this.itemOrEnd);

  private readonly itemOrEnd: State = (byte) => {
    if (byte === code(']')) this.state = this.afterMember;
    else this.beforeItem(byte);
  };

  private readonly beforeItem: State = (byte) => {
    if (SPACES.has(byte)) return;
    if (byte === code(',') || byte === code(']')) throw this.unexpected('a record');
    this.text.begin(0);
    this.startValue(byte, this.item);
  };

  private readonly item: State = (byte) => {
    const taken = this.staysInValue(byte);
    if (taken === 'inside') return;
    this.rows.push(this.toRow(this.text.end(taken === 'last' ? 1 : 0)));
    this.state = this.afterItem;
    if (taken === 'after') this.afterItem(byte);
  };

  private readonly afterItem: State = (byte) => {
    if (byte === code(']')) this.state = this.afterMember;
    else this.expect(byte, ',', this.beforeItem);
  };

  private readonly beforeOther: State = (byte) => {
    if (SPACES.has(byte)) return;
    this.startValue(byte, this.other);
  };

  private readonly other: State = (byte) => {
    const taken = this.staysInValue(byte);
    if (taken === 'inside') return;
    this.state = this.afterMember;
    if (taken === 'after') this.afterMember(byte);
  };

  private readonly afterMember: State = (byte) => {
    if (byte === code('}')) this.finish();
    else this.expect(byte, ',', this.member);
  };

  private readonly afterAll: State = (byte) => {
    if (!SPACES.has(byte)) throw this.unexpected('the end');
  };

  private finish(): void {
    this.isOver = true;
    this.state = this.afterAll;
  }

  private startValue(byte: number, next: State): void {
    this.depth = 0;
    this.inString = false;
    this.state = next;
    if (OPENING.has(byte)) this.depth = 1;
    else if (byte === QUOTE) this.inString = true;
    else if (CLOSING.has(byte)) throw this.unexpected('a value');
  }

  /** Where a byte stands: inside the value, its last byte, or after it. */
  private staysInValue(byte: number): 'inside' | 'last' | 'after' {
    if (this.inString) {
      if (this.staysInString(byte)) return 'inside';
      this.inString = false;
      return this.depth === 0 ? 'last' : 'inside';
    }
    if (this.depth === 0) return byte === code(',') || CLOSING.has(byte) || SPACES.has(byte) ? 'after' : 'inside';
    if (byte === QUOTE) this.inString = true;
    else if (OPENING.has(byte)) this.depth++;
    else if (CLOSING.has(byte) && --this.depth === 0) return 'last';
    return 'inside';
  }

  private staysInString(byte: number): boolean {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else return byte !== QUOTE;
    return true;
  }

  private toRow(bytes: Buffer | undefined): RawRow {
    this.row++;
    return { row: this.row, bytes, ...(this.collection && { collection: this.collection }) };
  }

  private unexpected(wanted: string): UploadProblem {
    return new UploadProblem('MALFORMED_JSON', `Byte ${this.offset} of the upload should be ${wanted}.`);
  }
}
