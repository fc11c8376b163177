import { copyFileSync, mkdirSync, openSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 16 * 1_024 ** 2;
const CHECK_EVERY_MS = 5_000;

/**
 * What one process writes, in at most two files: `<path>`, and `<path>.1` with what was before. A new start sets the old
 * log aside; one that outgrows its bound is set aside while the process goes on writing.
 */
export class LogFile {
  private begun = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /** A descriptor to append to. A process that is started again goes on in the same log. */
  open(): number {
    mkdirSync(dirname(this.path), { recursive: true });
    if (!this.begun && this.sizeBytes() > 0) renameSync(this.path, this.previous);
    this.begun = true;
    this.timer ??= setInterval(() => this.bound(), CHECK_EVERY_MS).unref();
    return openSync(this.path, 'a', 0o600);
  }

  /** Nobody writes any more. */
  rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The newest lines; empty when there is no log. */
  read(): string {
    return this.sizeBytes() === 0 ? '' : readFileSync(this.path, 'utf8');
  }

  /** The writer holds the file open: it is copied and cut, and since it is open for appending the writer goes on at its start. */
  bound(): void {
    if (this.sizeBytes() <= this.maxBytes) return;
    try {
      copyFileSync(this.path, this.previous);
    } catch (error) {
      // A full disk, most likely: then it helps more to let the old lines go than to keep growing.
      console.error(`${this.path} was emptied without keeping its lines: ${String(error)}`);
    }
    truncateSync(this.path);
  }

  private get previous(): string {
    return `${this.path}.1`;
  }

  private sizeBytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }
}
