import { randomBytes, randomUUID, sign } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  CHALLENGE_LIFE_S,
  NONCE_BYTES,
  unlockChallengeBytes,
  type UnlockChallengeDto,
  type UnlockType,
} from '#libs/contracts';
import { notApproved } from '../devices/device.errors.js';
import { DeviceRepository } from '../devices/device.repository.js';
import type { DeviceKey } from '../devices/device.row.js';
import { ChallengeRepository } from './challenge.repository.js';
import { PlatformKeys } from './platform.keys.js';

/** Who wants to open what. */
export interface UnlockOrder extends DeviceKey {
  readonly userId: string;
  readonly deviceId: string | null;
  readonly type: UnlockType;
}

/** Gives phones what a beacon believes. */
@Injectable()
export class UnlockService {
  constructor(
    private readonly keys: PlatformKeys,
    private readonly devices: DeviceRepository,
    private readonly challenges: ChallengeRepository,
  ) {}

  /** @throws MusterError `BEACON_NOT_REGISTERED`, `BEACON_NOT_APPROVED` */
  async challenge(order: UnlockOrder): Promise<UnlockChallengeDto> {
    const row = await this.devices.require(order);
    if (!row.approved) throw notApproved(row);
    const { keyId, privateKey } = this.keys.unlocks;
    const nonce = randomBytes(NONCE_BYTES);
    const timestampS = Math.floor(Date.now() / 1_000);
    const bytes = unlockChallengeBytes(nonce, timestampS);
    const signature = sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const unlockId = randomUUID();
    await this.challenges.noteUnlock({ ...order, unlockId, nonce: nonce.toString('hex') });
    return {
      unlock_id: unlockId,
      beacon_id: row.beaconId,
      nonce: nonce.toString('hex'),
      timestamp: timestampS,
      expires_at: timestampS + CHALLENGE_LIFE_S,
      server_signature: signature.toString('base64'),
      key_id: keyId,
    };
  }
}
