import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * A tiny shell that outlives us: it reads "+pid", "-pid" and "d directory" lines, and when our end of the pipe
 * closes (also after SIGKILL, when none of our code runs) it ends what is still registered.
 */
const SCRIPT = `
pids=" "; dirs=""
while IFS= read -r line; do
  case "$line" in
    +*) pids="$pids\${line#+} " ;;
    -*) pid="\${line#-}"; pids="\${pids%% $pid *} \${pids#* $pid }" ;;
    d*) dirs="$dirs
\${line#d }" ;;
    q) exit 0 ;;
  esac
done
alive() { for pid in $pids; do kill -0 "$pid" 2>/dev/null && return 0; done; return 1; }
for pid in $pids; do kill -INT "$pid" 2>/dev/null; done
tries=0
while [ $tries -lt 20 ] && alive; do sleep 0.25; tries=$((tries + 1)); done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
echo "$dirs" | while IFS= read -r dir; do [ -z "$dir" ] || rm -rf "$dir"; done
`;

let guardian: ChildProcess | undefined;

function tell(line: string): void {
  guardian ??= startGuardian();
  guardian.stdin?.write(`${line}\n`);
}

function startGuardian(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined);
  child.unref();
  // The pipe alone must not keep a finished program alive.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

/** From now on this process dies with us, however we end. */
export function guardProcess(pid: number): void {
  tell(`+${pid}`);
}

/** The process has ended; its pid may be given to somebody else. */
export function releaseProcess(pid: number): void {
  tell(`-${pid}`);
}

/** Removes this temporary directory when we end without having done it ourselves. */
export function guardDirectory(directory: string): void {
  tell(`d ${directory}`);
}
