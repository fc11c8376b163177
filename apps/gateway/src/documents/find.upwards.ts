import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file in the nearest directory above; source and build lie at different depths. */
export function findUpwards(from: string, file: string): string | undefined {
  const candidate = join(from, file);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? undefined : findUpwards(parent, file);
}
