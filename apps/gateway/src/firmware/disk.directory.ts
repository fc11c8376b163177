import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  readonly path: string;
  readonly sizeBytes: number;
  /** When it was last asked for. */
  readonly usedAtMs: number;
}

const UNFINISHED = '.part';
const UNFINISHED_AFTER_MS = 3_600_000;
/** Files are not touched more often than this. */
const TOUCH_EVERY_MS = 60_000;

/**
 * Files by their SHA-256, never more bytes than allowed. Several processes may share it: a file appears whole by a rename and
 * is never written to again, and its access time says when it was last used.
 */
export class DiskDirectory {
  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
  ) {}

  pathOf(sha256Hex: string): string {
    return join(this.path, sha256Hex);
  }

  /** Writes a file beside the others and gives it its name once it is on disk; a failure leaves nothing. */
  async write(sha256Hex: string, sizeBytes: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await this.makeRoom(sizeBytes);
    const unfinished = join(this.path, `${sha256Hex}.${randomUUID()}${UNFINISHED}`);
    try {
      await writeDurably(unfinished, source);
      await rename(unfinished, this.pathOf(sha256Hex));
    } catch (error) {
      await remove(unfinished);
      throw error;
    }
  }

  async remove(sha256Hex: string): Promise<void> {
    await remove(this.pathOf(sha256Hex));
  }

  /** Notes that a file is used. */
  async touch(sha256Hex: string): Promise<void> {
    const path = this.pathOf(sha256Hex);
    const { atimeMs, mtime } = await stat(path);
    if (Date.now() - atimeMs > TOUCH_EVERY_MS) await utimes(path, new Date(), mtime);
  }

  /** Drops what was unused longest until so many bytes more have room. */
  private async makeRoom(sizeBytes: number): Promise<void> {
    const entries = (await this.entries()).toSorted((a, b) => a.usedAtMs - b.usedAtMs);
    let usedBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    for (const entry of entries) {
      const isLeftOver = entry.path.endsWith(UNFINISHED) && Date.now() - entry.usedAtMs > UNFINISHED_AFTER_MS;
      if (!isLeftOver && (usedBytes + sizeBytes <= this.maxBytes || entry.path.endsWith(UNFINISHED))) continue;
      await remove(entry.path);
      usedBytes -= entry.sizeBytes;
    }
  }

  private async entries(): Promise<Entry[]> {
    const found: Entry[] = [];
    for (const name of await readdir(this.path)) {
      const path = join(this.path, name);
      const state = await stat(path).catch(() => undefined);
      if (state?.isFile()) found.push({ path, sizeBytes: state.size, usedAtMs: state.atimeMs });
    }
    return found;
  }
}

async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o640);
  try {
    // Not write(): it may write a part of a chunk.
    for await (const chunk of source) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Somebody else may have been faster. */
async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
