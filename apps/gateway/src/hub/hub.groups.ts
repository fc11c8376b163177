import { Injectable } from '@nestjs/common';
import { LiveEngine } from '../live/live.engine.js';
import { HubRooms } from './hub.rooms.js';
import { HubSnapshots } from './hub.snapshots.js';

/** Everything by which a session watches groups. */
@Injectable()
export class HubGroups {
  constructor(
    readonly engine: LiveEngine,
    readonly rooms: HubRooms,
    readonly snapshots: HubSnapshots,
  ) {}
}
