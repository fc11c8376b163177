// Plain Node: this runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNatsServer } from './nats-binary.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = '20.19.0';
const BUILD_STAMP = join(ROOT, 'dist', '.built-from');
const SOURCES = ['apps', 'libs', 'scripts', 'test'];

/** A problem that the reader can act on: printed without a stack. */
export class SetupError extends Error {}

/** Brings a bare clone to the point where dist can run; each step is skipped when there is nothing to do. */
export function setUp({ build = true, broker = true } = {}) {
  process.chdir(ROOT);
  checkNodeVersion();
  step('packages', installPackages);
  if (broker) step('nats-server', ensureNatsServer);
  if (build) step('build', buildSources);
}

/** Runs `action` and prints what it did; it returns what to say, or nothing when it had nothing to do. */
function step(name, action) {
  const startedAt = performance.now();
  const done = action();
  if (done) console.log(`  ${name.padEnd(14)} ${done} in ${seconds(startedAt)}`);
}

export function seconds(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function checkNodeVersion() {
  if (process.versions.node.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0) return;
  throw new SetupError(`Muster needs Node ${OLDEST_NODE} or newer; this is ${process.version}.`);
}

function installPackages() {
  if (installedMatchesLock()) return undefined;
  console.log('  packages       installing (npm ci), a minute the first time …');
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  runOrThrow(process.platform === 'win32' ? 'npm.cmd' : 'npm', flags, 'npm ci failed; see its output above.');
  return 'installed';
}

/** npm writes this hidden copy of the lock at the end of an install, so an interrupted one does not match. */
function installedMatchesLock() {
  const hidden = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = readJson(hidden).packages;
  const wanted = Object.entries(readJson(join(ROOT, 'package-lock.json')).packages);
  return wanted.every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true || entry.peer === true : found.version === entry.version;
  });
}

/** Compiles unless dist was built from exactly these sources. Throws when the compiler complains. */
export function buildSources() {
  const fingerprint = sourceFingerprint();
  if (existsSync(BUILD_STAMP) && readFileSync(BUILD_STAMP, 'utf8') === fingerprint) return undefined;
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  runOrThrow(process.execPath, [compiler, '-p', 'tsconfig.json'], 'The build failed; see the messages above.');
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, fingerprint);
  return 'compiled';
}

function sourceFingerprint() {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((folder) => listSources(join(ROOT, folder)));
  for (const file of [
    ...files.toSorted((a, b) => (a < b ? -1 : 1)),
    join(ROOT, 'tsconfig.json'),
    join(ROOT, 'package-lock.json'),
  ]) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function listSources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function runOrThrow(command, args, message) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error !== undefined || status !== 0)
    throw new SetupError(error === undefined ? message : `${message} ${error.message}`);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
