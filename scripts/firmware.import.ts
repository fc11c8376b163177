import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ROUTES } from '#libs/contracts';

/** One firmware of a manifest: the file beside it, and the texts of its upload. */
interface ManifestEntry {
  readonly file: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Uploads every firmware of a manifest, one after the other; answers how many failed. */
export async function importFirmware(
  url: string,
  manifestPath: string,
  headers: Record<string, string>,
): Promise<number> {
  let failed = 0;
  for (const entry of readManifest(await readFile(manifestPath, 'utf8'))) {
    const line = await upload(url, join(dirname(manifestPath), entry.file), entry, headers).catch((error: unknown) => {
      failed++;
      return `failed: ${error instanceof Error ? error.message : String(error)}`;
    });
    process.stdout.write(`${entry.file}: ${line}\n`);
  }
  return failed;
}

async function upload(
  url: string,
  path: string,
  { fields }: ManifestEntry,
  headers: Record<string, string>,
): Promise<string> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', await openAsBlob(path), basename(path));
  const { method, path: route } = ROUTES.firmwaresUpload;
  const response = await fetch(new URL(route, url), { method, headers, body: form });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${answer}`);
  return response.status === 201 ? 'published' : 'is there already';
}

/** @throws Error that says which entry is wrong. */
export function readManifest(text: string): ManifestEntry[] {
  const manifest: unknown = JSON.parse(text);
  if (!Array.isArray(manifest)) throw new Error('The manifest must be a JSON list.');
  return manifest.map((entry: unknown, index) => readEntry(entry, index));
}

function readEntry(entry: unknown, index: number): ManifestEntry {
  if (typeof entry !== 'object' || entry === null || !('file' in entry) || typeof entry.file !== 'string') {
    throw new Error(`Entry ${index} of the manifest names no file.`);
  }
  const { file, ...rest } = entry;
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries<unknown>(rest)) {
    fields[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return { file, fields };
}
