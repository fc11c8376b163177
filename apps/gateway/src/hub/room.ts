import { HUB_NOTICES } from '#libs/contracts';
import type { Frame } from '../live/live.group.js';
import type { Listener, LiveSubscription, ResyncNotice } from '../live/live.subscription.js';
import type { HubClient, HubSpace } from './hub.types.js';

/** A Socket.IO room that one subscription feeds: each frame is encoded once for all of its sockets. */
export class Room implements Listener {
  private subscription: LiveSubscription | undefined;

  constructor(
    readonly name: string,
    private readonly space: HubSpace,
    readonly snapshot: () => Promise<unknown>,
  ) {}

  /** Whether a socket that enters now gets exactly what comes after `eventId`. */
  get isLive(): boolean {
    return this.subscription?.isLive === true;
  }

  get eventId(): string | undefined {
    return this.subscription?.eventId;
  }

  feedBy(subscription: LiveSubscription): void {
    this.subscription = subscription;
  }

  deliver(frame: Frame): void {
    this.space.to(this.name).emit(frame.event, frame.body, { group: this.name });
  }

  resync(notice: ResyncNotice): void {
    this.space.to(this.name).emit(HUB_NOTICES.resyncRequired, notice);
  }

  add(socket: HubClient): void {
    void socket.join(this.name);
  }

  remove(socket: HubClient): void {
    void socket.leave(this.name);
  }

  close(): void {
    this.subscription?.close();
  }
}
