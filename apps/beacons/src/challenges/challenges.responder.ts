import { Controller } from '@nestjs/common';
import {
  type BeaconChallengeDto,
  type BeaconGrant,
  type BeaconKeyDto,
  BEACONS_REQUESTS,
  type UnlockChallengeDto,
  type UnlockType,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { AuthenticationService } from './authentication.service.js';
import { PlatformKeys, published } from './platform.keys.js';
import { UnlockService } from './unlock.service.js';

interface OfDevice {
  readonly entity_id: string;
  readonly device_id: string;
}
interface Proof extends OfDevice {
  readonly nonce: string;
  readonly timestamp: number;
  readonly signature: string;
}
interface UnlockWanted {
  readonly entity_id: string;
  readonly beacon_id: string;
  readonly user_id: string;
  readonly device_id: string | null;
  readonly type: UnlockType;
}

/** Answers beacons and phones that have something to prove. */
@Controller()
export class ChallengesResponder {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly unlocks: UnlockService,
    private readonly keys: PlatformKeys,
  ) {}

  @Answers(BEACONS_REQUESTS.challenge)
  challenge({ entity_id, device_id }: OfDevice): BeaconChallengeDto {
    return this.authentication.challenge(entity_id, device_id);
  }

  @Answers(BEACONS_REQUESTS.authenticate)
  authenticate({ entity_id, device_id, nonce, timestamp, signature }: Proof): Promise<BeaconGrant> {
    return this.authentication.authenticate({
      entityId: entity_id,
      deviceId: device_id,
      nonce,
      timestampS: timestamp,
      signature,
    });
  }

  @Answers(BEACONS_REQUESTS.unlockChallenge)
  unlock({ entity_id, beacon_id, user_id, device_id, type }: UnlockWanted): Promise<UnlockChallengeDto> {
    return this.unlocks.challenge({
      entityId: entity_id,
      beaconId: beacon_id,
      userId: user_id,
      deviceId: device_id,
      type,
    });
  }

  @Answers(BEACONS_REQUESTS.unlockKey)
  key(): BeaconKeyDto {
    const { jwk, ...key } = published(this.keys.unlocks);
    return { ...key, algorithm: 'ECDSA-P256-SHA256', jwk: { ...jwk, alg: 'ES256', use: 'sig' } };
  }
}
