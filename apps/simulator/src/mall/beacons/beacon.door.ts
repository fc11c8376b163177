import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { beaconProofBytes, CHALLENGE_LIFE_S, NONCE_BYTES, RATE_LIMITS } from '#libs/contracts';
import type { Clock } from '../../clock.js';

/** What a beacon shows to prove who it is. */
export interface ShownProof {
  readonly deviceId: string;
  /** Hex. */
  readonly nonce: string;
  readonly timestampS: number;
  /** r‖s. */
  readonly signature: Uint8Array;
}

export type Admission = 'admitted' | 'unknown_nonce' | 'wrong_signature' | 'too_many_requests';

const MS = 1_000;

/** Lets the mall's beacons in: a nonce once, ten requests a minute (orchestrators.txt 8.1). */
export class BeaconDoor {
  /** Device → nonce → when it was given, milliseconds. */
  private readonly nonces = new Map<string, Map<string, number>>();
  /** Device → instants of its requests within the last minute, milliseconds. */
  private readonly requests = new Map<string, number[]>();

  constructor(
    /** Device → its public key, SPKI PEM; undefined for a stranger. */
    private readonly keyOf: (deviceId: string) => string | undefined,
    private readonly clock: Clock,
  ) {}

  /** Undefined when the beacon has asked too often. */
  challenge(deviceId: string): { readonly nonce: string; readonly timestampS: number } | undefined {
    if (!this.count(deviceId)) return undefined;
    const nowMs = this.clock.nowMs();
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    const live = [...(this.nonces.get(deviceId) ?? [])].filter(
      ([, givenMs]) => nowMs - givenMs < CHALLENGE_LIFE_S * MS,
    );
    this.nonces.set(deviceId, new Map([...live, [nonce, nowMs]]));
    return { nonce, timestampS: Math.floor(nowMs / MS) };
  }

  admit({ deviceId, nonce, timestampS, signature }: ShownProof): Admission {
    if (!this.count(deviceId)) return 'too_many_requests';
    const givenMs = this.nonces.get(deviceId)?.get(nonce);
    this.nonces.get(deviceId)?.delete(nonce);
    if (givenMs === undefined || this.clock.nowMs() - givenMs >= CHALLENGE_LIFE_S * MS) return 'unknown_nonce';
    const pem = this.keyOf(deviceId);
    if (pem === undefined) return 'wrong_signature';
    const bytes = beaconProofBytes({ deviceId, nonce: Buffer.from(nonce, 'hex'), timestampS });
    const key = { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', bytes, key, signature) ? 'admitted' : 'wrong_signature';
  }

  private count(deviceId: string): boolean {
    const { points, windowS } = RATE_LIMITS.beaconAuthentication;
    const nowMs = this.clock.nowMs();
    const recent = (this.requests.get(deviceId) ?? []).filter((atMs) => nowMs - atMs < windowS * MS);
    if (recent.length >= points) return false;
    this.requests.set(deviceId, [...recent, nowMs]);
    return true;
  }
}
