import { AuthenticationService } from './authentication.service.js';
import { ChallengeRepository } from './challenge.repository.js';
import { NonceSweeper } from './nonce.sweeper.js';
import { PlatformKeyRepository } from './platform-key.repository.js';
import { PlatformKeys } from './platform.keys.js';
import { UnlockService } from './unlock.service.js';

/** What beacons, phones and the platform prove to each other. */
export const CHALLENGES = [
  AuthenticationService,
  UnlockService,
  NonceSweeper,
  PlatformKeys,
  PlatformKeyRepository,
  ChallengeRepository,
];
