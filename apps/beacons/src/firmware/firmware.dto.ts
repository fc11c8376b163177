import { ROUTES, type FirmwareDto, type FirmwareFileDto, type FirmwareUpdateEvent } from '#libs/contracts';
import { fileNameOf } from './release.naming.js';
import type { Release } from './release.repository.js';

/** What links begin with. */
export interface LinkOrigins {
  /** Of this platform. */
  readonly publicUrl: string;
  readonly cdnUrl: string | undefined;
}

export function toFirmware(release: Release, { publicUrl, cdnUrl }: LinkOrigins): FirmwareDto {
  const { firmwareId, dataJson: said } = release;
  const link = (path: string): string => publicUrl + path.replace(':firmwareId', encodeURIComponent(firmwareId));
  const copy =
    cdnUrl === undefined
      ? link(ROUTES.firmwaresDownload.path)
      : `${cdnUrl.replace(/\/+$/, '')}/firmware/${fileNameOf(firmwareId)}`;
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
    filename: fileNameOf(firmwareId),
    target,
    version,
    object_name: objectName,
    size_bytes: sizeBytes,
    checksum,
    signature,
    signing_key_id: keyId,
  };
}

/** The documents' event: eleven fields, and the rollout where there is one (decision C26). */
export function toUpdateEvent(release: Release, origins: LinkOrigins): FirmwareUpdateEvent {
  const { target, version, release_date, firmware_id, size_bytes, checksum, ...rest } = toFirmware(release, origins);
  return {
    type: `${rest.device_type}_firmware`,
    target,
    version,
    release_date,
    firmware_id,
    size_bytes,
    checksum,
    download_url: rest.download_url,
    fallback_url: rest.fallback_url,
    priority: rest.priority,
    rollout_strategy: rest.rollout_strategy,
    ...(rest.rollout_id === null ? {} : { rollout_id: rest.rollout_id }),
  };
}
