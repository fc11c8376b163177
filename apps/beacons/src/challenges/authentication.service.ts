import { Injectable } from '@nestjs/common';
import {
  type BeaconChallengeDto,
  type BeaconGrant,
  beaconProofBytes,
  CHALLENGE_LIFE_S,
  MusterError,
  parseNonce,
} from '#libs/contracts';
import { notApproved } from '../devices/device.errors.js';
import { isSignedBy } from '../devices/registration/device.key.js';
import { DeviceRepository } from '../devices/device.repository.js';
import type { DeviceRow } from '../devices/device.row.js';
import { GrantRepository } from '../devices/registration/grant.repository.js';
import { ChallengeRepository } from './challenge.repository.js';
import { isOwnNonce, makeNonce } from './nonce.js';
import { PlatformKeys } from './platform.keys.js';

/** A beacon's answer to a challenge. */
export interface Answered {
  readonly entityId: string;
  readonly deviceId: string;
  readonly nonce: string;
  readonly timestampS: number;
  readonly signature: string;
}

/** Lets beacons prove who they are. */
@Injectable()
export class AuthenticationService {
  constructor(
    private readonly keys: PlatformKeys,
    private readonly devices: DeviceRepository,
    private readonly challenges: ChallengeRepository,
    private readonly grants: GrantRepository,
  ) {}

  /** The same for a device that nobody knows. */
  challenge(entityId: string, deviceId: string): BeaconChallengeDto {
    const timestampS = Math.floor(Date.now() / 1_000);
    const nonce = makeNonce(this.keys.challenges, { entityId, deviceId, timestampS });
    return {
      nonce: nonce.toString('hex'),
      timestamp: timestampS,
      expires_at: timestampS + CHALLENGE_LIFE_S,
      algorithm: 'ECDSA-P256-SHA256',
    };
  }

  /** @throws MusterError `AUTH_INVALID_SIGNATURE`; `BEACON_NOT_APPROVED` for one that proved itself and has to wait */
  async authenticate(answered: Answered): Promise<BeaconGrant> {
    const { entityId, deviceId } = answered;
    const nonce = this.requireFreshNonce(answered);
    const row = await this.devices.findByDevice(entityId, deviceId);
    const bytes = beaconProofBytes({ deviceId, nonce, timestampS: answered.timestampS });
    if (!row || !isProven(row, bytes, answered.signature)) throw refused();
    if (!(await this.challenges.use(nonce.toString('hex')))) throw refused();
    const grantId = await this.grants.take(row);
    if (grantId === undefined) throw notApproved(row);
    return { beacon_id: row.beaconId, entity_id: entityId, device_id: deviceId, grant_id: grantId };
  }

  private requireFreshNonce({ entityId, deviceId, nonce, timestampS }: Answered): Buffer {
    const ageS = Date.now() / 1_000 - timestampS;
    const bytes = parseNonce(nonce);
    if (bytes && ageS >= 0 && ageS <= CHALLENGE_LIFE_S) {
      if (isOwnNonce(this.keys.challenges, { entityId, deviceId, timestampS }, bytes)) return bytes;
    }
    throw refused();
  }
}

/** The pinned key counts, and the one that waits for approval: its owner is told to wait. */
function isProven({ publicKey, pendingKey }: DeviceRow, bytes: Uint8Array, signature: string): boolean {
  return [publicKey, pendingKey].some((key) => key !== null && isSignedBy(key, bytes, signature));
}

/** One answer for everything, so that nobody learns which devices there are. */
function refused(): MusterError {
  const message =
    'The signature, its nonce or its timestamp is not valid for this device, or the nonce was used before.';
  return new MusterError('AUTH_INVALID_SIGNATURE', message);
}
