import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = readFileSync('docs/operations.md', 'utf8');

function metricsInSources(): Set<string> {
  const texts = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8')),
  );
  return new Set(texts.flatMap((text) => [...text.matchAll(/'(muster_[a-z_]+)'/g)].map(([, name = '']) => name)));
}

it('the page of operations explains every metric there is, and no other', () => {
  const explained = new Set([...PAGE.matchAll(/^\| `(muster_[a-z_]+)`/gm)].map(([, name]) => name));
  expect(explained).toEqual(metricsInSources());
});
