import type { FirmwareDto, FirmwareFileDto } from '#libs/contracts';
import { ROUTES } from '#libs/contracts';
import type { Release } from './release.repository.js';

/** What links begin with. */
export interface LinkOrigins {
  /** Of this platform. */
  readonly publicUrl: string;
  readonly cdnUrl: string | undefined;
}

/** Name of the file as orchestrators know it, e.g. `beacon-v020.bin`; other targets and odd versions stay apart. */
export function fileNameOf({ deviceType, version }: Pick<Release, 'deviceType' | 'version'>): string {
  const short = /^\d+\.\d+\.\d+$/.test(version) ? version.replaceAll('.', '') : version.replace(/[^\w.-]/g, '_');
  return `${deviceType}-v${short}.bin`;
}

export function toFirmware(release: Release, { publicUrl, cdnUrl }: LinkOrigins): FirmwareDto {
  const { firmwareId, dataJson: said } = release;
  const link = (path: string): string => publicUrl + path.replace(':firmwareId', encodeURIComponent(firmwareId));
  const copy =
    cdnUrl === undefined
      ? link(ROUTES.firmwaresDownload.path)
      : `${cdnUrl.replace(/\/+$/, '')}/firmware/${fileNameOf(release)}`;
  return {
    firmware_id: firmwareId,
    version: release.version,
    target: release.target,
    device_type: release.deviceType,
    channel: release.channel,
    release_date: release.releasedAt.toISOString(),
    size_bytes: release.sizeBytes,
    checksum: release.checksum,
    download_url: link(ROUTES.firmwareDownload.path),
    fallback_url: said.fallbackUrl ?? copy,
    release_notes: said.releaseNotes,
    changelog: said.changelog,
    compatible_hardware: release.compatibleHardware,
    min_previous_version: release.minPreviousVersion,
    signature: release.signature,
    signing_key_id: release.keyId,
    rollout_strategy: release.strategy,
    priority: release.priority,
    rollout_id: release.rolloutId,
    description: said.description,
    git_commit: said.gitCommit,
    withdrawn_at: release.withdrawnAt?.toISOString() ?? null,
  };
}

export function toFile(release: Release): FirmwareFileDto {
  const { firmwareId, target, version, objectName, sizeBytes, checksum, signature, keyId } = release;
  return {
    firmware_id: firmwareId,
    filename: fileNameOf(release),
    target,
    version,
    object_name: objectName,
    size_bytes: sizeBytes,
    checksum,
    signature,
    signing_key_id: keyId,
  };
}
