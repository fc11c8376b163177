import { MusterError } from '#libs/contracts';
import type { Release, ReleaseRepository } from '../firmware/release.repository.js';

/** @throws MusterError `FIRMWARE_NOT_FOUND`. */
export async function requireRelease(releases: ReleaseRepository, firmwareId: string): Promise<Release> {
  const release = await releases.find(firmwareId);
  if (release) return release;
  throw new MusterError('FIRMWARE_NOT_FOUND', `There is no firmware "${firmwareId}".`, { firmware_id: firmwareId });
}
