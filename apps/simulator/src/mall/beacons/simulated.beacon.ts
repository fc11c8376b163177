import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { beaconProofBytes, type FirmwareError, type FirmwareStatus } from '#libs/contracts';
import type { Clock } from '../../clock.js';
import type { Random } from '../../world/random.js';
import { accessAt, type AccessLogLine } from './access.log.js';

/** The firmware that a beacon is told to take, as its orchestrator has it. */
export interface OfferedFirmware {
  readonly firmwareId: string;
  readonly version: string;
  readonly checksum: string;
  readonly rolloutId: string | null;
}

/** One step of an update, as it is reported. */
export interface UpdateStep {
  readonly status: FirmwareStatus;
  readonly error: FirmwareError | null;
  readonly previousVersion: string;
  readonly newVersion: string;
  readonly durationS: number;
}

export interface SimulatedBeaconOptions {
  readonly deviceId: string;
  readonly areaId: string;
  readonly x: number;
  readonly y: number;
  readonly firmwareVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Share of updates that fail on the way, and of those whose new firmware does not boot. */
  readonly failureRate: number;
}

const HARDWARE = 'esp32c3-rev3';
const MS = 1_000;

/** A turnstile with an ESP32: counts who passes, tells how it is, and takes new firmware, which may go wrong. */
export class SimulatedBeacon {
  private readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
  private version: string;
  private readonly bornMs: number;
  private readonly unlocks = { succeeded: 0, failed: 0 };
  private updating = false;
  /** By which the platform knows it, once it is registered. */
  beaconId: string | undefined;

  constructor(private readonly options: SimulatedBeaconOptions) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.privateKey = privateKey;
    this.publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.version = options.firmwareVersion;
    this.bornMs = options.clock.nowMs();
  }

  get deviceId(): string {
    return this.options.deviceId;
  }

  get firmwareVersion(): string {
    return this.version;
  }

  get isUpdating(): boolean {
    return this.updating;
  }

  /** Body of its registration (6.1), without the entity. */
  introduction(): object {
    const { areaId, x, y, clock } = this.options;
    return {
      device_id: this.deviceId,
      device_type: 'turnstile',
      capabilities: ['unlock_gate', 'environmental_data'],
      public_key: this.publicKeyPem,
      firmware_version: this.version,
      hardware_revision: HARDWARE,
      location: { area_id: areaId, coordinates: { x, y, z: 1.5, floor: 'L1' } },
      registered_at: new Date(clock.nowMs()).toISOString(),
    };
  }

  /** Body of a heartbeat (6.2), without the entity. */
  heartbeat(): object {
    const { clock, random } = this.options;
    const { succeeded, failed } = this.unlocks;
    return {
      beacon_id: this.beaconId,
      status: 'online',
      uptime_seconds: Math.round((clock.nowMs() - this.bornMs) / MS),
      battery_percent: null,
      firmware_version: this.version,
      metrics: {
        unlock_attempts_24h: succeeded + failed,
        successful_unlocks_24h: succeeded,
        failed_unlocks_24h: failed,
        temperature_celsius: Math.round(random.between(24, 31) * 10) / 10,
        humidity_percent: Math.round(random.between(40, 70)),
        free_heap_bytes: Math.round(random.between(90_000, 110_000)),
      },
      timestamp: new Date(clock.nowMs()).toISOString(),
    };
  }

  /** Somebody comes to the gate; beacons decide alone, whatever the network does. */
  admitSomebody(): AccessLogLine {
    const line = accessAt(new Date(this.options.clock.nowMs()), this.options.random);
    this.unlocks[line.result === 'success' ? 'succeeded' : 'failed']++;
    return line;
  }

  /** Proves itself to whoever gave the nonce; r‖s. */
  prove(nonce: string, timestampS: number): Uint8Array {
    const bytes = beaconProofBytes({ deviceId: this.deviceId, nonce: Buffer.from(nonce, 'hex'), timestampS });
    return sign('sha256', bytes, { key: this.privateKey, dsaEncoding: 'ieee-p1363' });
  }

  /** Takes a firmware whose bytes come from its orchestrator; what does not boot is rolled back by the boot loader. */
  async update(
    { version, checksum }: OfferedFirmware,
    read: () => AsyncIterable<Uint8Array>,
    tell: (step: UpdateStep) => void,
  ): Promise<void> {
    const { clock, random, failureRate } = this.options;
    const previousVersion = this.version;
    const startedMs = clock.nowMs();
    const say = (status: FirmwareStatus, error: FirmwareError | null = null): void =>
      tell({ status, error, previousVersion, newVersion: version, durationS: (clock.nowMs() - startedMs) / MS });
    this.updating = true;
    try {
      say('downloading');
      const hash = createHash('sha256');
      for await (const chunk of read()) hash.update(chunk);
      say('verifying');
      if (random.happens(failureRate)) return say('failed', 'download_failed');
      if (`sha256:${hash.digest('hex')}` !== checksum) return say('failed', 'checksum_mismatch');
      say('installing');
      if (random.happens(failureRate)) return say('rolled_back', 'boot_failed');
      this.version = version;
      return say('success');
    } finally {
      this.updating = false;
    }
  }
}
