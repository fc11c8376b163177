import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { ReleaseRepository } from './firmware/release.repository.js';
import { Beacons0001 } from './migrations/0001-outbox.js';
import { Beacons0002 } from './migrations/0002-devices.js';
import { Beacons0003 } from './migrations/0003-firmware.js';
import { Beacons0004 } from './migrations/0004-rollouts.js';
import { ROLLOUTS } from './rollouts/rollout.providers.js';
import { RolloutsResponder } from './rollouts/rollouts.responder.js';

const FIRMWARE = [ReleaseRepository];

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'beacons',
      entities: [],
      migrations: [Beacons0001, Beacons0002, Beacons0003, Beacons0004],
    }),
    OutboxModule.forFeature('beacons'),
  ],
  controllers: [RolloutsResponder],
  providers: [...FIRMWARE, ...ROLLOUTS],
})
export class BeaconsModule {}
