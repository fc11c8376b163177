import { Injectable } from '@nestjs/common';
import { HUB_NAMESPACE, MusterError } from '#libs/contracts';
import { PlatformConfig } from '#libs/platform';
import { corsFor } from './engine.cors.js';
import { HubHandshake } from './hub.handshake.js';
import { HubRooms } from './hub.rooms.js';
import type { HubSpace } from './hub.types.js';
import { UpgradeRouter } from './upgrade.router.js';

const ENGINE_PATH = '/socket.io/';

/** What stands before the hub: who may poll, who may upgrade, who may connect. */
@Injectable()
export class HubDoor {
  constructor(
    private readonly config: PlatformConfig,
    private readonly handshake: HubHandshake,
    private readonly rooms: HubRooms,
    private readonly upgrades: UpgradeRouter,
  ) {}

  /** Sets all of it up, before the first connection. */
  guard(space: HubSpace): void {
    const { server } = space;
    server.engine.use(corsFor(this.config.corsOrigins));
    // Socket.IO lets anybody into the root namespace, where nothing is.
    server.of('/').use((_socket, next) => {
      next(new MusterError('ROUTE_NOT_FOUND', `There is nothing at /; the hub is ${HUB_NAMESPACE}.`));
    });
    space.use(this.handshake.admit);
    this.rooms.openIn(space);
    this.upgrades.claim((path) => path.startsWith(ENGINE_PATH));
    this.upgrades.listen();
  }
}
