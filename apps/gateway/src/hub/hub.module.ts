import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { LiveModule } from '../live/live.module.js';
import { HubDoor } from './hub.door.js';
import { HubGroups } from './hub.groups.js';
import { HubHandshake } from './hub.handshake.js';
import { HubRooms } from './hub.rooms.js';
import { HubSessions } from './hub.sessions.js';
import { HubSettings } from './hub.settings.js';
import { HubSnapshots } from './hub.snapshots.js';
import { HubSocket } from './hub.socket.js';
import { RobotEdits } from './robot.edits.js';
import { UpgradeRouter } from './upgrade.router.js';

@Module({
  imports: [AuthModule, AuditModule, LiveModule],
  providers: [
    HubSocket,
    HubDoor,
    HubHandshake,
    HubSessions,
    HubGroups,
    HubRooms,
    HubSnapshots,
    RobotEdits,
    UpgradeRouter,
    HubSettings,
  ],
  exports: [UpgradeRouter],
})
export class HubModule {}
