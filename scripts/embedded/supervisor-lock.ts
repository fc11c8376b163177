import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopLeftOver } from './child.js';
import { processIdentity } from './process-identity.js';

const LOCK = 'supervisor';
/** Servers that apps depend on are ended last. */
const LAST = ['nats-server', 'postgres'];

/**
 * Makes this process the only supervisor of `dataDir`, and ends what an earlier one left running when it was killed.
 * Returns the function that gives the directory back.
 * @throws Error with the pid of the supervisor that is still alive
 */
export async function claimDataDir(dataDir: string): Promise<() => void> {
  const runDir = join(dataDir, 'run');
  const file = join(runDir, LOCK);
  mkdirSync(runDir, { recursive: true });
  const holder = read(file);
  const pid = Number(holder.split(':', 1)[0]);
  if (holder !== '' && pid !== process.pid && processIdentity(pid) === holder) {
    throw new Error(`Muster already runs in ${dataDir} (pid ${pid}). Stop it, or choose another DATA_DIR.`);
  }
  writeFileSync(file, processIdentity(process.pid) ?? '');
  const names = readdirSync(runDir).filter((name) => name !== LOCK && !LAST.includes(name));
  for (const name of names) await stopLeftOver(runDir, name);
  for (const name of LAST) await stopLeftOver(runDir, name, 'SIGINT');
  return () => rmSync(file, { force: true });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
