import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { BeaconDoor } from './beacons/beacon.door.js';
import type { FirmwareShelf } from './firmware/firmware.shelf.js';

/** What the mall's own network can ask: beacons for firmware, people for health and metrics. Nothing for phones. */
export interface LocalViews {
  readonly shelf: FirmwareShelf;
  readonly door: BeaconDoor;
  health(): object;
  metrics(): Promise<string>;
}

const CHALLENGE = /^\/beacons\/([0-9a-f]{4,64})\/challenge$/;
const PROOF =
  /^\/beacons\/([0-9a-f]{4,64})\/proof\?nonce=([0-9a-f]{32})&timestamp=(\d{1,12})&signature=([0-9a-f]{128})$/;
const FIRMWARE = /^\/firmwares\/([A-Za-z0-9._-]{1,128})\/download$/;

/** The orchestrator's own address in the mall. */
export class LocalServer {
  private readonly server: Server;

  constructor(private readonly views: LocalViews) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** Listens on a free port of this machine; answers its base URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${portOf(this.server.address())}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer({ url = '/', method }: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (method !== 'GET') return void response.writeHead(405).end();
      if (url === '/health') return sendJson(response, this.views.health());
      if (url === '/metrics') return void response.end(await this.views.metrics());
      if (url.startsWith('/beacons/')) return this.openDoor(url, response);
      const firmwareId = FIRMWARE.exec(url)?.[1];
      return firmwareId === undefined
        ? void response.writeHead(404).end()
        : await this.sendFirmware(firmwareId, response);
    } catch {
      response.destroy();
    }
  }

  /** A nonce, and then the proof that was made with it. */
  private openDoor(url: string, response: ServerResponse): void {
    const asking = CHALLENGE.exec(url)?.[1];
    if (asking !== undefined) {
      const challenge = this.views.door.challenge(asking);
      return challenge ? sendJson(response, challenge) : void response.writeHead(429).end();
    }
    const [, deviceId = '', nonce = '', timestamp = '', signature = ''] = PROOF.exec(url) ?? [];
    const proof = { deviceId, nonce, timestampS: Number(timestamp), signature: Buffer.from(signature, 'hex') };
    const admission = this.views.door.admit(proof);
    if (admission === 'admitted') return sendJson(response, { admitted: true });
    return void response.writeHead(admission === 'too_many_requests' ? 429 : 401).end(admission);
  }

  private async sendFirmware(firmwareId: string, response: ServerResponse): Promise<void> {
    const { shelf } = this.views;
    const firmware = shelf.find(firmwareId);
    if (!firmware) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': firmware.size_bytes });
    await pipeline(shelf.read(firmwareId), response);
  }
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new TypeError('the local server has no TCP port');
}
