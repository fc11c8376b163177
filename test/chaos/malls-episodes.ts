import { collectionChecksum, globalChecksum, recordChecksum } from '#libs/contracts';
import { Api } from '../support/api.js';
import { binaryOf, download, send, sha256 } from '../support/firmware.js';
import { MallOrchestrator } from '../support/mall.js';
import type { TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { pause } from './pause.js';
import type { Finding } from './proof.js';

const DOWN_MS = 1_000;
const RECORDS = 10_000;
const PIECE_BYTES = 1_048_576;
const PIECES = 8;
const ENTITY = 'chaos-large';

async function killAndRestart(platform: TestPlatform, victim: string): Promise<void> {
  await platform.kill(victim);
  await pause(DOWN_MS);
  await platform.restart(victim);
}

/** Kills a process while a firmware comes in; then there must be none of it, and the same upload must work. */
export async function uploadEpisode(
  platform: TestPlatform,
  admin: Api,
  victims: readonly string[],
): Promise<Finding[]> {
  let [half, refused] = [0, 0];
  for (const [n, victim] of victims.entries()) {
    const file = binaryOf(PIECES * PIECE_BYTES);
    const version = `3.0.${n}`;
    const isTaken = await halfUpload(platform, admin, { file, version, victim });
    if (!isTaken && (await isVisible(admin, version))) half++;
    const repeated = isTaken ? 201 : await repeat(admin, file, version);
    if (repeated !== 201 || !(await isWhole(admin, file, version))) refused++;
    console.log(`killed ${victim} during an upload`);
  }
  return [
    { claim: 'no half of a firmware is visible', checked: victims.length, broken: half },
    { claim: 'the same upload works afterwards', checked: victims.length, broken: refused },
  ];
}

interface HalfUpload {
  readonly file: Buffer;
  readonly version: string;
  readonly victim: string;
}

/** Answers whether it was taken all the same: who is not needed any more may die. */
async function halfUpload(platform: TestPlatform, admin: Api, { file, version, victim }: HalfUpload): Promise<boolean> {
  const part = (name: string): string => `--b\r\nContent-Disposition: form-data; name="${name}"`;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  let restarted: Promise<void> = Promise.resolve();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const fields = `${part('target')}\r\n\r\nesp32c3\r\n${part('version')}\r\n\r\n${version}\r\n`;
      controller.enqueue(encode(`${fields}${part('file')}; filename="f.bin"\r\n\r\n`));
      for (let n = 0; n < PIECES; n++) {
        controller.enqueue(file.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES));
        if (n === PIECES / 2) restarted = killAndRestart(platform, victim);
        await pause(100);
      }
      controller.enqueue(encode('\r\n--b--\r\n'));
      controller.close();
    },
  });
  const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'multipart/form-data; boundary=b' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const status = await fetch(`${platform.url}/api/firmwares/upload`, init).then(
    (response) => response.status,
    () => 0,
  );
  await restarted;
  return status === 201;
}

async function isVisible(admin: Api, version: string): Promise<boolean> {
  const list = await waitFor(async () => {
    const { status, body } = await admin.get<{ version: string }[]>('/api/firmwares?target=esp32c3');
    return status === 200 && body;
  }, 60_000);
  return list.some((firmware) => firmware.version === version);
}

/** Tries until it is taken: what was killed may be back a moment later for the others. */
async function repeat(admin: Api, file: Buffer<ArrayBuffer>, version: string): Promise<number> {
  return waitFor(async () => {
    const { status } = await send(admin, { file, fields: { target: 'esp32c3', version } });
    return status === 201 && status;
  }, 60_000).catch(() => 0);
}

async function isWhole(admin: Api, file: Buffer, version: string): Promise<boolean> {
  const { body } = await admin.get<{ version: string; firmware_id: string }[]>('/api/firmwares?target=esp32c3');
  const id = body.find((firmware) => firmware.version === version)?.firmware_id;
  const { bytes } = await download(admin, `/api/firmware/${id}/download`);
  return sha256(bytes) === sha256(file);
}

/** Kills a process in the middle of a full sync: the client must notice, and have all of it the next time. */
export async function syncEpisode(platform: TestPlatform, admin: Api, victims: readonly string[]): Promise<Finding[]> {
  const mall = await largeMall(admin);
  let [unnoticed, wrong] = [0, 0];
  for (const victim of victims) {
    if (await isCutOffUnnoticed(platform, mall, victim)) unnoticed++;
    if (!(await waitFor(() => isRight(mall), 60_000).catch(() => false))) wrong++;
    console.log(`killed ${victim} during a full sync`);
  }
  return [
    { claim: 'a full sync that was cut off does not look whole', checked: victims.length, broken: unnoticed },
    { claim: 'the next one is right, record by record', checked: victims.length, broken: wrong },
  ];
}

async function largeMall(admin: Api): Promise<MallOrchestrator> {
  const mall = await MallOrchestrator.ofNewMall(admin, { entityId: ENTITY });
  const rows = Array.from({ length: RECORDS }, (_, n) =>
    JSON.stringify({ collection: 'areas', id: `area-${n}`, name: `Area ${n}`, description: 'x'.repeat(800) }),
  );
  const headers = { 'content-type': 'application/x-ndjson' };
  const path = `/api/v1/entities/${ENTITY}/imports`;
  const { status, body } = await admin.send<any>('POST', path, { rawBody: rows.join('\n'), headers });
  if (status >= 300 || body.counts.created !== RECORDS)
    throw new Error(`an import answered ${status}: ${JSON.stringify(body)}`);
  return mall;
}

/** Reads a little, has somebody killed, and reads on; answers whether what came looks whole and is not. */
async function isCutOffUnnoticed(platform: TestPlatform, mall: MallOrchestrator, victim: string): Promise<boolean> {
  const response = await fetch(`${mall.url}/api/orchestrators/sync/full`, { headers: mall.headers });
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let restarted: Promise<void> | undefined;
  try {
    for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
      pieces.push(piece.value);
      if (restarted) continue;
      restarted = killAndRestart(platform, victim);
      await pause(DOWN_MS / 2);
    }
    return !isComplete(Buffer.concat(pieces).toString());
  } catch {
    return false;
  } finally {
    await restarted;
  }
}

function isComplete(text: string): boolean {
  return JSON.parse(text).data.areas.length === RECORDS;
}

/** Sums everything that came, from the records themselves up. */
async function isRight(mall: MallOrchestrator): Promise<boolean> {
  const { status, body } = await mall.get('/api/orchestrators/sync/full');
  if (status !== 200 || body.data.areas.length !== RECORDS) return false;
  const sumOf = (records: readonly any[]): string =>
    collectionChecksum(records.map((record) => ({ id: record.id, checksum: recordChecksum(record) })));
  const { areas, beacons, merchants, connections } = body.data;
  const sums = { areas, beacons, merchants, connections };
  return (
    body.checksum ===
    globalChecksum({
      areas: sumOf(sums.areas),
      beacons: sumOf(sums.beacons),
      merchants: sumOf(sums.merchants),
      connections: sumOf(sums.connections),
    })
  );
}
