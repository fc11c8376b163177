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
const FILES = [randomBytes(SIZE_BYTES), randomBytes(SIZE_BYTES)];

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

async function read(path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await request(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

it('sends many at once, one after the other too, each its own bytes', async () => {
  for (let round = 0; round < 3; round++) {
    const downloads = await Promise.all(
      Array.from({ length: 150 }, (_, n) => read(`/${n % 2}/0/${SIZE_BYTES - 1}/${SIZE_BYTES}`)),
    );
    expect(downloads.every((bytes, n) => bytes.equals(FILES[n % 2]!))).toBe(true);
  }
}, 30_000);

it('sends a part, and one byte', async () => {
  expect(await read('/1/1000000/1999999/1000000')).toEqual(FILES[1]!.subarray(1_000_000, 2_000_000));
  expect(await read('/0/7/7/1')).toEqual(FILES[0]!.subarray(7, 8));
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
