import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsPage } from './settings.js';

/** Names of the variables in every file of the apps and libs that declares some. */
function declaredVariables(): string[] {
  const sources = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8').replace(/^ \*.*$/gm, ''))
      .filter((text) => text.includes('settings({')),
  );
  return sources.flatMap((text) =>
    [...text.matchAll(/(?<!new )\b\w+\(\s*'([A-Z][A-Z_]+)'/g)].map(([, name = '']) => name),
  );
}

describe('the page of settings', () => {
  const page = settingsPage();

  it('explains every variable that an app declares', () => {
    const declared = declaredVariables();
    expect(declared).toEqual(expect.arrayContaining(['PORT', 'ADMIN_PASSWORD', 'OIDC_ISSUERS', 'COMMAND_TIMEOUT_MS']));
    expect(declared.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('shows defaults as one would write them', () => {
    expect(page).toContain('| `PORT` | the TCP port to listen on, 0 for any free one | `3000` |');
    expect(page).toMatch(/`ROBOTS_FORWARD_METADATA`[^\n]*\| `off` \|/);
    expect(page).toMatch(/`DATABASE_URL`[^\n]*\|\s+\|/);
  });
});
