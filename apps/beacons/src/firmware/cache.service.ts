import { Injectable } from '@nestjs/common';
import {
  type CachedFirmwareDto,
  type FirmwareFileDto,
  type FirmwareReader,
  type FirmwareRelease,
  MusterError,
  type StoredFile,
} from '#libs/contracts';
import { type CachedFile, CacheRepository } from './cache.repository.js';
import { FileChecker } from './file.checker.js';
import { toFile } from './firmware.dto.js';
import { firmwareNotFound } from './firmware.errors.js';
import { FirmwareSettings } from './firmware.settings.js';
import { ReleaseLedger } from './release.ledger.js';
import { fileNameOf } from './release.naming.js';
import { requireVersions, taken, toNewRelease } from './release.publisher.js';
import { type Release, ReleaseRepository } from './release.repository.js';

interface CacheUpload {
  readonly firmware_id: string;
  readonly entity_id: string;
  readonly target: string;
  readonly file: StoredFile;
  readonly by: string;
}

const DAY_MS = 86_400_000;

/** Files that came to an orchestrator another way (decision C29). */
@Injectable()
export class CacheService {
  constructor(
    private readonly caches: CacheRepository,
    private readonly releases: ReleaseRepository,
    private readonly settings: FirmwareSettings,
  ) {}

  /**
   * A file that is known is compared, one that is not is kept for the entity; `kept` says whether the object is used.
   * @throws MusterError `FIRMWARE_HASH_MISMATCH`
   */
  async cache(upload: CacheUpload): Promise<{ answer: CachedFirmwareDto; kept: boolean }> {
    const { firmware_id, entity_id, target, file, by } = upload;
    const days = this.settings.cacheDays;
    const release = await this.releases.find(firmware_id);
    if (release && release.checksum !== file.checksum) throw mismatch(upload, release.checksum);
    if (release) return { answer: toAnswer(firmware_id, new Date(Date.now() + days * DAY_MS)), kept: false };
    const kept = await this.caches.keep({ entityId: entity_id, firmwareId: firmware_id, target, file, by, days });
    if (!kept) throw mismatch(upload, (await this.caches.find(firmware_id, entity_id))?.checksum);
    return { answer: toAnswer(firmware_id, kept.expiresAt), kept: kept.objectName === file.object_name };
  }

  /** What a reader downloads under an id: a release, or what is private to it. @throws MusterError `FIRMWARE_NOT_FOUND` */
  async file(firmwareId: string, { entity_id, sees_all }: FirmwareReader): Promise<FirmwareFileDto> {
    const release = await this.releases.find(firmwareId);
    if (release) return toFile(release);
    const cached = entity_id !== null || sees_all ? await this.caches.find(firmwareId, entity_id) : undefined;
    if (!cached) throw firmwareNotFound({ firmware_id: firmwareId });
    return toPrivateFile(cached);
  }
}

/** Makes what an entity cached into a release for all. */
@Injectable()
export class CachePromoter {
  constructor(
    private readonly caches: CacheRepository,
    private readonly checker: FileChecker,
    private readonly ledger: ReleaseLedger,
  ) {}

  /** @throws MusterError `FIRMWARE_NOT_FOUND`, `FIRMWARE_EXISTS`, `VALIDATION_FAILED` */
  async promote(asked: {
    readonly firmware_id: string;
    readonly entity_id: string | null;
    readonly release: FirmwareRelease;
    readonly by: string;
    readonly public_url: string;
  }): Promise<Release> {
    const { firmware_id, entity_id, by } = asked;
    const cached = await this.caches.find(firmware_id, entity_id);
    if (!cached) throw firmwareNotFound({ firmware_id });
    const { objectName: object_name, sizeBytes: size_bytes, checksum, target } = cached;
    const release = { ...asked.release, target, firmware_id };
    requireVersions(release);
    const signed = await this.checker.sign({ object_name, size_bytes, checksum });
    const wanted = toNewRelease(release, signed, by);
    const promoted = await this.ledger.publish(wanted, asked.public_url, (tx) =>
      this.caches.release(tx, firmware_id, checksum),
    );
    if (promoted) return promoted;
    const rival = await this.ledger.findRival(wanted);
    throw rival ? taken(rival) : new MusterError('OVERLOADED', 'Somebody else works on the same firmware. Try again.');
  }
}

function toAnswer(firmware_id: string, expiresAt: Date): CachedFirmwareDto {
  return { cached: true, firmware_id, expires_at: expiresAt.toISOString() };
}

/** Without a signature: the platform vouches for nothing that nobody has promoted. */
function toPrivateFile({ firmwareId, target, objectName, sizeBytes, checksum }: CachedFile): FirmwareFileDto {
  return {
    firmware_id: firmwareId,
    filename: fileNameOf(firmwareId),
    target,
    version: null,
    object_name: objectName,
    size_bytes: sizeBytes,
    checksum,
    signature: null,
    signing_key_id: null,
  };
}

function mismatch({ firmware_id, file }: CacheUpload, known: string | undefined): MusterError {
  return new MusterError('FIRMWARE_HASH_MISMATCH', `The file is not the one that ${firmware_id} is known as.`, {
    firmware_id,
    checksum: file.checksum,
    ...(known === undefined ? {} : { known_checksum: known }),
  });
}
