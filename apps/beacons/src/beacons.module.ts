import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { ACCESS_LOGS } from './access-logs/access-logs.providers.js';
import { AccessLogsResponder } from './access-logs/access-logs.responder.js';
import { CHALLENGES } from './challenges/challenges.providers.js';
import { ChallengesResponder } from './challenges/challenges.responder.js';
import { DEVICES } from './devices/devices.providers.js';
import { DevicesResponder } from './devices/devices.responder.js';
import { PresenceResponder } from './devices/presence/presence.responder.js';
import { RemovalsResponder } from './devices/registration/removals.responder.js';
import { CatalogueResponder } from './firmware/catalogue.responder.js';
import { FIRMWARE } from './firmware/firmware.providers.js';
import { FirmwareKeysResponder, FirmwareResponder } from './firmware/firmware.responder.js';
import { ReportsResponder } from './firmware/reports.responder.js';
import { Beacons0001 } from './migrations/0001-outbox.js';
import { Beacons0002 } from './migrations/0002-devices.js';
import { Beacons0003 } from './migrations/0003-firmware.js';
import { Beacons0004 } from './migrations/0004-rollouts.js';
import { Beacons0005 } from './migrations/0005-grants.js';
import { ROLLOUTS } from './rollouts/rollout.providers.js';
import { RolloutsResponder } from './rollouts/rollouts.responder.js';

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'beacons',
      entities: [],
      migrations: [Beacons0001, Beacons0002, Beacons0003, Beacons0004, Beacons0005],
    }),
    OutboxModule.forFeature('beacons'),
  ],
  controllers: [
    DevicesResponder,
    RemovalsResponder,
    PresenceResponder,
    AccessLogsResponder,
    ChallengesResponder,
    FirmwareResponder,
    FirmwareKeysResponder,
    CatalogueResponder,
    ReportsResponder,
    RolloutsResponder,
  ],
  providers: [...DEVICES, ...ACCESS_LOGS, ...CHALLENGES, ...FIRMWARE, ...ROLLOUTS],
})
export class BeaconsModule {}
