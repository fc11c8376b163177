import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { MusterError, type StoredFile } from '#libs/contracts';
import { FileBucket } from '#libs/jetstream';
import { PlatformConfig } from '#libs/platform';
import { DiskDirectory } from './disk.directory.js';
import { FirmwareEdgeSettings } from './firmware-edge.settings.js';
import { damagedFiles, diskHits, diskMisses } from './firmware.metrics.js';

const MAX_KNOWN = 10_000;
const ATTEMPTS = 3;
const READ_BYTES = 1_048_576;

/** Firmware files on this gateway's disk: fetched once from the object store, checked, and kept for the next who asks. */
@Injectable()
export class FirmwareDisk {
  private readonly logger = new Logger(FirmwareDisk.name);
  private readonly directory: DiskDirectory;
  /** SHA-256 → what the file looked like when its bytes were checked. */
  private readonly checked = new LRUCache<string, string>({ max: MAX_KNOWN });
  /** SHA-256 → the work of having it here, for all who wait for it. */
  private readonly coming = new Map<string, Promise<void>>();

  constructor(
    private readonly files: FileBucket,
    config: PlatformConfig,
    { diskMaxBytes }: FirmwareEdgeSettings,
  ) {
    this.directory = new DiskDirectory(join(config.dataDirectory, 'cache', 'firmware'), diskMaxBytes);
  }

  /** Opens a file for reading; whoever gets it closes it. @throws MusterError `SERVICE_UNAVAILABLE` */
  async open(file: StoredFile): Promise<FileHandle> {
    const sha256Hex = file.checksum.slice('sha256:'.length);
    const isHere = await this.isChecked(sha256Hex);
    if (isHere) diskHits.inc();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!isHere || attempt > 0) await this.fetchOnce(sha256Hex, file);
      const handle = await open(this.directory.pathOf(sha256Hex), 'r').catch(unlessMissing);
      if (handle) return handle;
      // Another process made room in between.
    }
    throw new MusterError('OVERLOADED', 'The cache for firmware is too small for what is asked for. Try again.');
  }

  /** Whether the file is here and has not changed since its bytes were checked. */
  private async isChecked(sha256Hex: string): Promise<boolean> {
    const seen = this.checked.get(sha256Hex);
    if (seen === undefined || seen !== (await this.lookOf(sha256Hex))) return false;
    await this.directory.touch(sha256Hex).catch(unlessMissing);
    return true;
  }

  /** Has the file here and checked; all who ask at once wait for one. */
  private fetchOnce(sha256Hex: string, file: StoredFile): Promise<void> {
    const running = this.coming.get(sha256Hex);
    if (running) return running;
    const work = this.fetch(sha256Hex, file).finally(() => this.coming.delete(sha256Hex));
    this.coming.set(sha256Hex, work);
    return work;
  }

  private async fetch(sha256Hex: string, file: StoredFile): Promise<void> {
    if (await this.isSound(sha256Hex)) {
      diskHits.inc();
      return;
    }
    diskMisses.inc();
    await this.directory.write(sha256Hex, file.size_bytes, checkedBytes(this.files.read(file.object_name), sha256Hex));
    const look = await this.lookOf(sha256Hex);
    if (look !== undefined) this.checked.set(sha256Hex, look);
  }

  /** Reads what lies here, from before a restart or changed meanwhile; what is damaged is dropped. */
  private async isSound(sha256Hex: string): Promise<boolean> {
    const look = await this.lookOf(sha256Hex);
    if (look === undefined) return false;
    try {
      const path = this.directory.pathOf(sha256Hex);
      for await (const chunk of checkedBytes(createReadStream(path, { highWaterMark: READ_BYTES }), sha256Hex))
        void chunk;
      this.checked.set(sha256Hex, look);
      return true;
    } catch (error) {
      damagedFiles.inc();
      this.logger.warn({ event: 'firmware_file_damaged', checksum: sha256Hex, error });
      await this.directory.remove(sha256Hex);
      return false;
    }
  }

  private async lookOf(sha256Hex: string): Promise<string | undefined> {
    const state = await stat(this.directory.pathOf(sha256Hex)).catch(unlessMissing);
    return state && `${state.ino} ${state.size} ${state.mtimeMs}`;
  }
}

/** Passes bytes on, and fails at their end when they are not the ones wanted. */
async function* checkedBytes(source: AsyncIterable<Uint8Array>, sha256Hex: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') === sha256Hex) return;
  throw new MusterError('SERVICE_UNAVAILABLE', 'The firmware file is damaged. Try again shortly.');
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
