import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { FileSender } from './file.sender.js';

const SIZE_BYTES = 3_000_001;
/** More than the kernel takes for a client that does not read. */
const LARGE = randomBytes(16_777_216);
const FILES = [randomBytes(SIZE_BYTES), randomBytes(SIZE_BYTES), LARGE];

const sender = new FileSender();
const sent: Promise<number>[] = [];
let [directory, server]: [string, Server?] = [''];

/** The path is `/<file>/<start>/<end>/<bytes promised>`. */
beforeAll(async () => {
  Logger.overrideLogger(false);
  directory = mkdtempSync(join(tmpdir(), 'muster-test-sender-'));
  for (const [n, bytes] of FILES.entries()) writeFileSync(join(directory, String(n)), bytes);
  server = createServer(({ url }, response) => {
    const [file, start, end, promised] = url!.slice(1).split('/').map(Number);
    response.writeHead(200, { 'content-length': promised! });
    const send = async (): Promise<number> => {
      const handle = await open(join(directory, String(file)));
      const bytes = await sender.send(response, handle, { start: start!, end: end! });
      await handle.close();
      return bytes;
    };
    sent.push(send());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(directory, { recursive: true });
});

async function request(path: string): Promise<IncomingMessage> {
  const { port } = server!.address() as AddressInfo;
  const [response] = await once(get({ port, path, agent: false }), 'response');
  return response as IncomingMessage;
}

const read = async (path: string): Promise<Buffer> => bytesOf(await request(path));

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces);
}

it('sends many at once, each its own bytes', async () => {
  const path = (n: number): string => `/${n % 2}/0/${SIZE_BYTES - 1}/${SIZE_BYTES}`;
  for (const count of [1, 80, 2]) {
    const downloads = await Promise.all(Array.from({ length: count }, (_, n) => read(path(n))));
    expect(downloads.every((bytes, n) => bytes.equals(FILES[n % 2]!))).toBe(true);
  }
}, 30_000);

it('keeps a piece until a client that reads slowly has it', async () => {
  const path = `/2/0/${LARGE.length - 1}/${LARGE.length}`;
  const slow = await request(path);
  const slowest = await request(path);
  expect((await read(path)).equals(LARGE)).toBe(true);
  expect((await bytesOf(slow)).equals(LARGE)).toBe(true);
  expect((await bytesOf(slowest)).equals(LARGE)).toBe(true);
}, 30_000);

it('sends a part, and one byte', async () => {
  expect((await read('/1/1000000/1999999/1000000')).equals(FILES[1]!.subarray(1_000_000, 2_000_000))).toBe(true);
  expect((await read('/0/7/7/1')).equals(FILES[0]!.subarray(7, 8))).toBe(true);
});

it('cuts off an answer whose file is shorter than what was promised', async () => {
  await expect(read(`/0/0/${SIZE_BYTES + 9}/${SIZE_BYTES + 10}`)).rejects.toThrow('aborted');
  expect(await sent.at(-1)).toBe(SIZE_BYTES);
});

it('cuts off an answer whose file cannot be read', async () => {
  const broken = { read: () => Promise.reject(new Error('EIO')) } as unknown as FileHandle;
  const other = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).flushHeaders();
    sent.push(sender.send(response, broken, { start: 0, end: 9 }));
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const answer = once(get({ port: (other.address() as AddressInfo).port, agent: false }), 'response');
  const [response] = (await answer) as [IncomingMessage];
  await expect(once(response.resume(), 'end')).rejects.toThrow('aborted');
  expect(await sent.at(-1)).toBe(0);
  other.close();
});

it('ends when the client goes away', async () => {
  const response = await request(`/0/0/${SIZE_BYTES - 1}/${SIZE_BYTES}`);
  response.destroy();
  expect(await sent.at(-1)).toBeLessThanOrEqual(SIZE_BYTES);
});
