import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { Beacons0001 } from './migrations/0001-outbox.js';

@Module({
  imports: [
    SchemaModule.forFeature({ schema: 'beacons', entities: [], migrations: [Beacons0001] }),
    OutboxModule.forFeature('beacons'),
  ],
})
export class BeaconsModule {}
