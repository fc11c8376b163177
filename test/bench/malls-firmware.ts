import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Api } from '../support/api.js';
import { binaryOf, download, publish, sha256 } from '../support/firmware.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import type { DownloadOutcome, DownloadTask } from './malls-download.worker.js';
import { peakBytesWhile, residentBytes } from './malls-memory.js';
import { startNginx } from './malls-nginx.js';
import { type Line, quantilesOf } from './report.js';

const MIB = 1_048_576;
const SIZE_BYTES = 16 * MIB;
const CLIENTS = 50;
const ROUNDS = 5;
const MAX_GROWTH_MIB = 64;

interface Memory {
  readonly before: number;
  readonly peak: number;
  readonly after: number;
}

/** Fifty downloads of one file at once, beside nginx with the same file and the same clients. */
export async function benchMallFirmware(): Promise<Line[]> {
  const env = { RATE_LIMIT_MACHINE_PER_MINUTE: '1000000' };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    const file = binaryOf(SIZE_BYTES);
    const { mall, path } = await release(platform, file);
    const task = { port: Number(new URL(platform.url).port), path, token: mall.token };
    const nginx = await startNginx(file);
    const gateway = platform.pid('gateway');
    await mibPerSecond(task, 1);
    const before = residentBytes(gateway);
    let [ours, limit] = [0, 0];
    const peak = await peakBytesWhile(gateway, async () => (ours = await mibPerSecond(task, ROUNDS)));
    const after = residentBytes(gateway);
    if (nginx) {
      limit = await mibPerSecond({ port: nginx.port, path: nginx.path, token: '' }, ROUNDS);
      await nginx.stop();
    }
    return lines({ ours, limit }, { before, peak, after });
  } finally {
    await platform.stop();
  }
}

/** Publishes the file and reads it once, to be sure that it is what is measured. */
async function release(
  platform: TestPlatform,
  file: Buffer<ArrayBuffer>,
): Promise<{ mall: MallOrchestrator; path: string }> {
  const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
  const mall = await MallOrchestrator.ofNewMall(admin);
  const { firmware_id } = await publish(admin, { version: '1.0.0' }, file);
  const path = `/api/firmware/${firmware_id}/download`;
  const { bytes } = await download(new Api(platform.url, mall.token), path);
  if (sha256(bytes) !== sha256(file)) throw new Error('the download is not the file');
  return { mall, path };
}

/** The median of some rounds of all clients at once. */
async function mibPerSecond(task: Pick<DownloadTask, 'port' | 'path' | 'token'>, rounds: number): Promise<number> {
  const child = fork(new URL('./malls-download.worker.js', import.meta.url));
  const rates: number[] = [];
  for (let n = 0; n < rounds; n++) {
    child.send({ ...task, clients: CLIENTS, sizeBytes: SIZE_BYTES } satisfies DownloadTask);
    const [outcome] = (await once(child, 'message')) as [DownloadOutcome];
    if (outcome.bytes !== CLIENTS * SIZE_BYTES) throw new Error(`${outcome.bytes} bytes were read`);
    rates.push(outcome.bytes / MIB / (outcome.ms / 1_000));
  }
  child.kill('SIGKILL');
  return quantilesOf(rates).p50;
}

function lines({ ours, limit }: { ours: number; limit: number }, { before, peak, after }: Memory): Line[] {
  const growth = (peak - before) / MIB;
  const memory = (name: string, bytes: number): Line => ({
    name: `malls: gateway memory ${name} ${CLIENTS} downloads`,
    ours: bytes / MIB,
    unit: 'MiB',
    goal: '',
    met: true,
    how: 'resident memory of the gateway process, looked at every 50 ms',
  });
  return [
    {
      name: `malls: ${CLIENTS} downloads of 16 MiB at once`,
      ours,
      ...(limit > 0 && { limit }),
      unit: 'MiB/s',
      goal: '≥ 0.5 of nginx',
      met: limit > 0 && ours >= 0.5 * limit,
      how:
        limit > 0
          ? 'limit: nginx, one worker with sendfile, the same file and clients'
          : 'nginx is not installed and could not be: there is nothing to compare with',
    },
    memory('before', before),
    { ...memory('during', peak), goal: `< +${MAX_GROWTH_MIB}`, met: growth < MAX_GROWTH_MIB },
    memory('after', after),
  ];
}
