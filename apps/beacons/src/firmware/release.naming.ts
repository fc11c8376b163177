import type { FirmwareLine } from '#libs/contracts';

/** `0.2.0` → `020`; parts of two digits keep their dots, so that 0.1.11 and 0.11.1 stay apart. */
function shortOf(version: string): string {
  return /^\d\.\d\.\d$/.test(version) ? version.replaceAll('.', '') : version.replaceAll(/[^A-Za-z0-9-]/g, '-');
}

/**
 * Ids for a release that was given none: as the documents write them (`fw-beacon-v020`), and one that says which line it is,
 * for when the short one is another line's.
 */
export function namesFor({ device_type, target, channel }: FirmwareLine, version: string): readonly string[] {
  const short = `fw-${device_type}-v${shortOf(version)}`;
  return [short, `${short}-${target}-${channel}`].map((id) => id.slice(0, 64));
}

/** `fw-beacon-v020` → `beacon-v020.bin`: as unlike as the ids are. */
export const fileNameOf = (firmwareId: string): string => `${firmwareId.replace(/^fw-/, '')}.bin`;
