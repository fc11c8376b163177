// npm run check: the whole gate beside the tests. Plain Node: used by scripts/test.mjs on a bare clone.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSources, ROOT, seconds, setUp } from './setup.mjs';

const CODE = ['apps', 'libs', 'scripts', 'test'];

const CHECKS = [
  { name: 'format', run: () => tool('prettier', 'bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']) },
  { name: 'lint', run: () => tool('oxlint', 'bin/oxlint', []) },
  { name: 'types', run: () => compiles() },
  {
    name: 'dependency rules',
    run: () =>
      tool('dependency-cruiser', 'bin/dependency-cruise.mjs', [...CODE.filter(exists), '--output-type', 'err']),
  },
  { name: 'unused code', run: () => tool('knip', 'bin/knip.js', ['--no-progress']) },
  { name: 'generated docs', run: () => node([join('dist', 'scripts', 'docs.js'), '--check']) },
];

/** Runs every check, also after one failed, and returns how many passed and failed. */
export function runChecks() {
  const counts = { passed: 0, failed: 0 };
  for (const { name, run } of CHECKS) {
    const startedAt = performance.now();
    const passed = run();
    counts[passed ? 'passed' : 'failed'] += 1;
    console.log(`${passed ? '✓' : '✗'} ${name} (${seconds(startedAt)})`);
  }
  return counts;
}

function tool(packageName, binary, args) {
  return node([join('node_modules', packageName, binary), ...args]);
}

function node(args) {
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

function compiles() {
  try {
    buildSources();
    return true;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}

function exists(folder) {
  return existsSync(join(ROOT, folder));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    setUp({ build: false, broker: false });
    process.exitCode = runChecks().failed === 0 ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
