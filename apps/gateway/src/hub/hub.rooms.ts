import { Injectable } from '@nestjs/common';
import { MusterError, type HubGroup } from '#libs/contracts';
import { LiveEngine } from '../live/live.engine.js';
import { liveGroupOf } from '../live/robot.groups.js';
import { HubSnapshots } from './hub.snapshots.js';
import type { HubClient, HubSpace } from './hub.types.js';
import { Room } from './room.js';

interface Entry {
  readonly room: Room;
  readonly opened: Promise<void>;
  /** Sockets in the room, and those about to enter. */
  users: number;
}

/** A place in a room, taken before the socket enters so that the room cannot close in between. */
export interface Place {
  readonly room: Room;
  leave(socket: HubClient): void;
}

/** The rooms of this gateway: one per group of which a socket is served by broadcast. */
@Injectable()
export class HubRooms {
  /** Keyed by group name. */
  private readonly entries = new Map<string, Entry>();
  private space: HubSpace | undefined;

  constructor(
    private readonly engine: LiveEngine,
    private readonly snapshots: HubSnapshots,
  ) {}

  get count(): number {
    return this.entries.size;
  }

  /** Says where the rooms are; before the first socket comes. */
  openIn(space: HubSpace): void {
    this.space = space;
  }

  /** Takes a place in a group's room. @throws MusterError `SERVICE_UNAVAILABLE`. */
  async placeIn(group: HubGroup): Promise<Place> {
    const { name } = liveGroupOf(group);
    const entry = this.entries.get(name) ?? this.open(group, name);
    entry.users++;
    try {
      await entry.opened;
    } catch (error) {
      this.release(entry);
      throw error;
    }
    return {
      room: entry.room,
      leave: (socket) => {
        entry.room.remove(socket);
        this.release(entry);
      },
    };
  }

  private open(group: HubGroup, name: string): Entry {
    if (!this.space) throw new MusterError('SERVICE_UNAVAILABLE', 'The hub has not started yet.');
    const room = new Room(name, this.space, () => this.snapshots.of(group));
    const subscribed = this.engine.join(liveGroupOf(group), {}, room);
    const entry = { room, opened: subscribed.then((subscription) => room.feedBy(subscription)), users: 0 };
    this.entries.set(name, entry);
    return entry;
  }

  private release(entry: Entry): void {
    entry.users--;
    if (entry.users > 0) return;
    entry.room.close();
    if (this.entries.get(entry.room.name) === entry) this.entries.delete(entry.room.name);
  }
}
