import { Injectable } from '@nestjs/common';
import { type FirmwareRelease, MusterError, type StoredFile } from '#libs/contracts';
import { FileChecker, type SignedFile } from './file.checker.js';
import { firmwareNotFound, invalidField } from './firmware.errors.js';
import { ReleaseLedger } from './release.ledger.js';
import { namesFor } from './release.naming.js';
import { type NewRelease, type Release, ReleaseRepository } from './release.repository.js';
import { isVersion } from './version.js';

interface Publication {
  readonly release: FirmwareRelease;
  readonly file: StoredFile;
  readonly by: string;
  readonly public_url: string;
}

const UNSIGNED = { signature: '', keyId: '' };

/** Makes uploaded files into releases, and takes releases back. */
@Injectable()
export class ReleasePublisher {
  constructor(
    private readonly ledger: ReleaseLedger,
    private readonly releases: ReleaseRepository,
    private readonly checker: FileChecker,
  ) {}

  /**
   * The same release with the same file again is no second one.
   * @throws MusterError `FIRMWARE_EXISTS`, `VALIDATION_FAILED`
   */
  async publish({ release, file, by, public_url }: Publication): Promise<{ release: Release; created: boolean }> {
    requireVersions(release);
    const [firmwareId = '', ...otherNames] =
      release.firmware_id === undefined ? namesFor(release, release.version) : [release.firmware_id];
    const wanted = toNewRelease({ ...release, firmware_id: firmwareId }, { ...file, ...UNSIGNED }, by);
    const rival = await this.ledger.findRival(wanted);
    if (rival && isSameLine(rival, wanted)) return { release: requireSame(rival, wanted), created: false };
    const [other] = otherNames;
    if (rival && other === undefined) throw taken(rival);
    const named = { ...wanted, firmwareId: rival && other !== undefined ? other : firmwareId };
    return this.store(named, file, public_url);
  }

  /** Offers it no more. Who has begun to load it may go on: a device in the middle of an update needs its file. */
  async withdraw(firmwareId: string, by: string): Promise<Release> {
    await this.releases.withdraw(firmwareId, by);
    const release = await this.releases.find(firmwareId);
    if (!release) throw firmwareNotFound({ firmware_id: firmwareId });
    return release;
  }

  private async store(
    wanted: NewRelease,
    file: StoredFile,
    publicUrl: string,
  ): Promise<{ release: Release; created: boolean }> {
    const { signature, keyId } = await this.checker.sign(file);
    const release = await this.ledger.publish({ ...wanted, signature, keyId }, publicUrl);
    if (release) return { release, created: true };
    const rival = await this.ledger.findRival(wanted);
    if (!rival) throw new MusterError('OVERLOADED', 'Somebody else works on the same firmware. Try again.');
    return { release: requireSame(rival, wanted), created: false };
  }
}

/** @throws MusterError `VALIDATION_FAILED` */
export function requireVersions({ version, min_previous_version }: FirmwareRelease): void {
  if (!isVersion(version)) throw invalidField('version', 'must be a semantic version such as 0.2.0');
  if (min_previous_version !== null && !isVersion(min_previous_version)) {
    throw invalidField('min_previous_version', 'must be a semantic version such as 0.1.5');
  }
}

export function toNewRelease(
  release: FirmwareRelease & { readonly firmware_id: string },
  { object_name, size_bytes, checksum, signature, keyId }: SignedFile,
  by: string,
): NewRelease {
  return {
    firmwareId: release.firmware_id,
    target: release.target,
    deviceType: release.device_type,
    channel: release.channel,
    version: release.version,
    compatibleHardware: release.compatible_hardware,
    minPreviousVersion: release.min_previous_version,
    strategy: release.rollout_strategy,
    priority: release.priority,
    dataJson: {
      releaseNotes: release.release_notes,
      changelog: release.changelog,
      fallbackUrl: release.fallback_url,
      description: release.description,
      gitCommit: release.git_commit,
    },
    objectName: object_name,
    sizeBytes: size_bytes,
    checksum,
    signature,
    keyId,
    publishedBy: by,
  };
}

function isSameLine(a: NewRelease, b: NewRelease): boolean {
  return a.target === b.target && a.deviceType === b.deviceType && a.channel === b.channel && a.version === b.version;
}

function requireSame(rival: Release, wanted: NewRelease): Release {
  if (isSameLine(rival, wanted) && rival.checksum === wanted.checksum) return rival;
  throw taken(rival);
}

export function taken({ firmwareId, target, deviceType, channel, version, checksum }: Release): MusterError {
  const message = `There is a firmware ${firmwareId}: ${version} for ${target} (${deviceType}, ${channel}).`;
  return new MusterError('FIRMWARE_EXISTS', message, { firmware_id: firmwareId, version, checksum });
}
