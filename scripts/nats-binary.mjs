// Plain Node: this runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian and Homebrew put nats-server where a user's PATH may not look. */
const MORE_PATHS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

const PACKAGE_MANAGERS = [
  {
    command: 'apt-get',
    needsRoot: true,
    steps: [
      ['update', '-qq'],
      ['install', '-y', '-qq', 'nats-server'],
    ],
  },
  { command: 'apk', needsRoot: true, steps: [['add', '--no-cache', 'nats-server']] },
  { command: 'dnf', needsRoot: true, steps: [['install', '-y', 'nats-server']] },
  { command: 'brew', needsRoot: false, steps: [['install', 'nats-server']] },
];

const HOW_TO = `Muster needs nats-server (2.9 or newer) and could not install it. Do one of these and start again:
  Debian, Ubuntu   sudo apt-get install nats-server
  Alpine           sudo apk add nats-server
  macOS            brew install nats-server
  any system       put the binary of https://github.com/nats-io/nats-server/releases on your PATH
  your own broker  set NATS_URL (and NATS_CREDS)`;

/** Finds nats-server or installs it with the system's package manager; throws an error that says what to do. */
export function ensureNatsServer() {
  const found = process.env.NATS_SERVER_BINARY ?? findBinary('nats-server');
  if (found !== undefined) {
    process.env.NATS_SERVER_BINARY = found;
    return undefined;
  }
  for (const manager of PACKAGE_MANAGERS) if (findBinary(manager.command) !== undefined && install(manager)) break;
  const installed = findBinary('nats-server');
  if (installed === undefined) throw new Error(HOW_TO);
  process.env.NATS_SERVER_BINARY = installed;
  return 'installed';
}

function install({ command, needsRoot, steps }) {
  const prefix = needsRoot && process.getuid?.() !== 0 ? sudo() : [];
  if (prefix === undefined) return false;
  console.log(`  nats-server    not on the PATH; installing it with ${command} …`);
  const [last] = steps.slice(-1);
  for (const step of steps) {
    const done = run([...prefix, command, ...step]);
    if (!done && step === last) return false;
  }
  stopSystemService(prefix);
  return true;
}

/** Without a terminal sudo must not ask for a password. */
function sudo() {
  if (findBinary('sudo') === undefined) return undefined;
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}

/** Debian's package starts a broker of its own on port 4222; we only want the program that we just installed. */
function stopSystemService(prefix) {
  if (findBinary('systemctl') === undefined) return;
  run([...prefix, 'systemctl', 'disable', '--now', 'nats-server'], 'ignore');
}

function run([command, ...args], output = 'inherit') {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', HOMEBREW_NO_AUTO_UPDATE: '1' };
  return spawnSync(command, args, { env, stdio: ['inherit', output, output] }).status === 0;
}

function findBinary(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_PATHS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
