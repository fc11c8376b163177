import { sign } from 'node:crypto';
import { beaconProofBytes } from '#libs/contracts';
import { Api, type Answer } from './api.js';
import { type DeviceKeys, newDeviceKeys } from './mall.js';

/** Whoever may post: an orchestrator, or a beacon with its own token. */
export interface Poster {
  post(path: string, body?: unknown): Promise<Answer<any>>;
}

let count = 0;

/** A beacon with a device id and a key of its own, which speaks through its orchestrator. */
export class BeaconDevice {
  readonly deviceId = (0xaa_bb_cc_00_00_00 + ++count).toString(16);
  beaconId = '';

  constructor(
    readonly entityId: string,
    private readonly through: Poster,
    public keys: DeviceKeys = newDeviceKeys(),
  ) {}

  /** The documents' body of a registration (6.1). */
  registration(more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      entity_id: this.entityId,
      device_id: this.deviceId,
      device_type: 'turnstile',
      capabilities: ['unlock_gate', 'environmental_data'],
      public_key: this.keys.pem,
      firmware_version: '0.1.8',
      hardware_revision: 'esp32c3-rev3',
      location: { area_id: 'area-gate-1', coordinates: { x: 50.0, y: 50.0, z: 1.5, floor: 'L1' } },
      registered_at: '2026-01-08T10:00:00Z',
      ...more,
    };
  }

  async register(more: Record<string, unknown> = {}): Promise<Answer<any>> {
    const answer = await this.through.post('/api/orchestrators/beacons/register', this.registration(more));
    if (answer.status === 200) this.beaconId = answer.body.beacon_id;
    return answer;
  }

  /** The documents' heartbeat (6.2). */
  heartbeat(more: Record<string, unknown> = {}, through = this.through): Promise<Answer<any>> {
    return through.post('/api/orchestrators/beacons/heartbeat', {
      beacon_id: this.beaconId,
      entity_id: this.entityId,
      status: 'online',
      uptime_seconds: 86_400,
      battery_percent: null,
      firmware_version: '0.1.8',
      metrics: {
        unlock_attempts_24h: 120,
        successful_unlocks_24h: 118,
        failed_unlocks_24h: 2,
        temperature_celsius: 28.5,
        humidity_percent: 65.0,
        free_heap_bytes: 102_400,
      },
      timestamp: new Date().toISOString(),
      ...more,
    });
  }

  /** The documents' batch of logs (6.3), a day old. */
  batch(batchId: string, logs = sampleLogs()): Record<string, unknown> {
    return { beacon_id: this.beaconId, entity_id: this.entityId, logs, batch_id: batchId, total_logs: logs.length };
  }

  upload(body: Record<string, unknown>, path = '/api/orchestrators/beacons/access-logs'): Promise<Answer<any>> {
    return this.through.post(path, body);
  }

  /** Asks for a nonce. */
  challenge(url: string): Promise<Answer<any>> {
    return new Api(url).post('/api/beacons/challenge', { entity_id: this.entityId, device_id: this.deviceId });
  }

  /** Signs a nonce and asks for a token. */
  prove(
    url: string,
    { nonce, timestamp }: { nonce: string; timestamp: number },
    more: object = {},
  ): Promise<Answer<any>> {
    const bytes = beaconProofBytes({
      deviceId: this.deviceId,
      nonce: Buffer.from(nonce, 'hex'),
      timestampS: timestamp,
    });
    const signature = sign('sha256', bytes, { key: this.keys.privateKey, dsaEncoding: 'ieee-p1363' }).toString(
      'base64',
    );
    const body = { entity_id: this.entityId, device_id: this.deviceId, nonce, timestamp, signature, ...more };
    return new Api(url).post('/api/beacons/token', body);
  }
}

/** The two logs of the documents, at minutes of yesterday. */
export function sampleLogs(day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)) {
  return [
    {
      timestamp: `${day}T10:30:00Z`,
      user_id: 'user-123',
      device_id: 'mobile-abc',
      result: 'success',
      method: 'ecdsa_proof',
      duration_ms: 150,
    },
    {
      timestamp: `${day}T10:35:00Z`,
      user_id: 'user-456',
      device_id: 'mobile-def',
      result: 'failed',
      method: 'ecdsa_proof',
      error: 'signature_invalid',
      duration_ms: 50,
    },
  ];
}
