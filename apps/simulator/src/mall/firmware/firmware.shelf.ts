import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { ROUTES } from '#libs/contracts';
import type { Log } from '../../log.js';
import type { CentralClient } from '../central/central.client.js';
import type { SealedFiles } from '../store/sealed.file.js';

const Entry = Type.Object({
  firmware_id: Type.String(),
  version: Type.String(),
  target: Type.String(),
  checksum: Type.String(),
  size_bytes: Type.Integer(),
  rollout_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const entry = Compile(Entry);
const entries = Compile(Type.Array(Entry));

/** What is known of a firmware on the shelf. */
export interface ShelvedFirmware {
  readonly firmware_id: string;
  readonly version: string;
  readonly target: string;
  readonly checksum: string;
  readonly size_bytes: number;
  readonly rollout_id?: string | null | undefined;
}

const FILE = 'firmware';
const PLAIN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Firmware that the orchestrator has: fetched once from the central server, handed to beacons even while that is away. */
export class FirmwareShelf {
  /** Key: firmware id. */
  private readonly shelved = new Map<string, ShelvedFirmware>();
  private readonly fetching = new Map<string, Promise<ShelvedFirmware>>();
  hits = 0;
  misses = 0;

  constructor(
    private readonly central: CentralClient,
    private readonly files: SealedFiles,
    private readonly directory: string,
    private readonly log: Log,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const kept = files.read(FILE);
    for (const firmware of entries.Check(kept) ? kept : []) this.shelved.set(firmware.firmware_id, firmware);
  }

  /** A firmware that is on the shelf, or is put there now. @throws Error when it cannot be had or is damaged */
  async get(firmwareId: string): Promise<ShelvedFirmware> {
    const known = this.find(firmwareId);
    if (known) this.hits++;
    else this.misses++;
    return known ?? this.fetchOnce(firmwareId);
  }

  /** Undefined when it is not here, whole. */
  find(firmwareId: string): ShelvedFirmware | undefined {
    const known = this.shelved.get(firmwareId);
    return known && existsSync(this.path(firmwareId)) ? known : undefined;
  }

  /** The bytes of a firmware that {@link find} knows. */
  read(firmwareId: string): Readable {
    return createReadStream(this.path(firmwareId));
  }

  private fetchOnce(firmwareId: string): Promise<ShelvedFirmware> {
    const running = this.fetching.get(firmwareId);
    if (running) return running;
    const fetched = this.fetch(firmwareId).finally(() => this.fetching.delete(firmwareId));
    this.fetching.set(firmwareId, fetched);
    return fetched;
  }

  private async fetch(firmwareId: string): Promise<ShelvedFirmware> {
    if (!PLAIN_ID.test(firmwareId)) throw new Error(`"${firmwareId}" is no name of a firmware.`);
    const firmware = await this.central.get(ROUTES.firmwareGet.path.replace(':firmwareId', firmwareId));
    if (!entry.Check(firmware)) throw new TypeError('what the central server says of the firmware cannot be read');
    await this.download(firmwareId);
    const checksum = await checksumOf(this.partPath(firmwareId));
    if (checksum !== firmware.checksum) {
      rmSync(this.partPath(firmwareId), { force: true });
      throw new Error(`${firmwareId} is damaged: ${checksum} instead of ${firmware.checksum}`);
    }
    renameSync(this.partPath(firmwareId), this.path(firmwareId));
    this.shelved.set(firmwareId, firmware);
    this.files.write(FILE, [...this.shelved.values()]);
    this.log.info('firmware_shelved', { firmware_id: firmwareId, size_bytes: firmware.size_bytes });
    return firmware;
  }

  /** Goes on where an interrupted download ended. */
  private async download(firmwareId: string): Promise<void> {
    const part = this.partPath(firmwareId);
    const from = existsSync(part) ? statSync(part).size : 0;
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const path = ROUTES.firmwareDownload.path.replace(':firmwareId', firmwareId);
    const response = await this.central.fetch(path, headers);
    if (!response.body) throw new Error(`${firmwareId} came without a body`);
    const flags = response.status === PARTIAL_CONTENT ? 'a' : 'w';
    await pipeline(response.body, createWriteStream(part, { flags, mode: 0o600 }));
  }

  private path(firmwareId: string): string {
    return join(this.directory, `${firmwareId}.bin`);
  }

  private partPath(firmwareId: string): string {
    return `${this.path(firmwareId)}.part`;
  }
}

const PARTIAL_CONTENT = 206;

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
