import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/embedded/ports.js';
import { waitFor } from '../support/wait.js';

/** An nginx that serves one file. */
export interface Nginx {
  readonly port: number;
  readonly path: string;
  stop(): Promise<void>;
}

const FILE = 'firmware.bin';

/** Starts nginx, one worker as a gateway is one process; undefined where there is none and none can be installed. */
export async function startNginx(file: Buffer): Promise<Nginx | undefined> {
  if (!isInstalled() && !install()) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'muster-bench-nginx-'));
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, FILE), file);
  const port = await freePort();
  writeFileSync(join(directory, 'nginx.conf'), configurationOf(directory, port));
  const arguments_ = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')];
  const child = spawn('nginx', arguments_, { stdio: 'ignore' });
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/${FILE}`, { method: 'HEAD' })).ok);
  return {
    port,
    path: `/${FILE}`,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const isInstalled = (): boolean => spawnSync('nginx', ['-v']).status === 0;

function install(): boolean {
  console.log('nginx is not installed: apt-get install nginx-light …');
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'nginx-light'], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0 && isInstalled();
}

function configurationOf(directory: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    ${userInfo().uid === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    pid ${directory}/nginx.pid;
    error_log ${directory}/error.log;
    events { worker_connections 1024; }
    http {
      ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n      ')}
      access_log off;
      sendfile on;
      tcp_nopush on;
      server { listen 127.0.0.1:${port}; root ${directory}; }
    }`;
}
