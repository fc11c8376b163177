import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Identifies a living process beyond its pid (which the system gives out again), or undefined when it is gone. */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
  } catch {
    return undefined;
  }
}

function identityFromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name may contain spaces and brackets; the fields after the last bracket do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedTicks] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : `${pid}:${startedTicks}`;
}

function identityFromPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return line === '' || line.startsWith('Z') ? undefined : `${pid}:${line.slice(line.indexOf(' ') + 1).trim()}`;
}

/** Sends `signals` one after the other, giving the process `graceMs` after each, until it is gone. */
export async function endProcess(identity: string, signals: readonly NodeJS.Signals[], graceMs: number): Promise<void> {
  const pid = Number(identity.split(':', 1)[0]);
  for (const signal of signals) {
    if (processIdentity(pid) !== identity) return;
    sendSignal(pid, signal);
    const deadline = Date.now() + graceMs;
    while (processIdentity(pid) === identity && Date.now() < deadline) await delay(25);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}
