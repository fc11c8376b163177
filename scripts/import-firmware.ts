import { HTTP_HEADERS } from '#libs/contracts';
import { importFirmware } from './firmware.import.js';

const USAGE = `Usage: MUSTER_TOKEN=… node dist/scripts/import-firmware.js <url> <manifest.json>

The manifest is a list; each entry names a file beside it and the texts of its upload:
  [{ "file": "beacon-v020.bin", "target": "esp32c3", "version": "0.2.0", "changelog": ["…"] }]
MUSTER_TOKEN is an administrator's access token; MUSTER_API_KEY and MUSTER_API_SECRET do as well.
A release that is there already, with the same file, is left alone: the import may be run again.`;

/** Loads a folder of binaries into the platform (docs/firmware.md). */
async function main(): Promise<number> {
  const [, , url, manifest] = process.argv;
  if (url === undefined || manifest === undefined) {
    console.error(USAGE);
    return 2;
  }
  const failed = await importFirmware(url, manifest, credentials(process.env));
  return failed === 0 ? 0 : 1;
}

function credentials({ MUSTER_TOKEN, MUSTER_API_KEY, MUSTER_API_SECRET }: NodeJS.ProcessEnv): Record<string, string> {
  if (MUSTER_TOKEN !== undefined) return { authorization: `Bearer ${MUSTER_TOKEN}` };
  return { [HTTP_HEADERS.apiKey]: MUSTER_API_KEY ?? '', [HTTP_HEADERS.apiSecret]: MUSTER_API_SECRET ?? '' };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
