import { HUB_NOTICES } from '#libs/contracts';
import type { Frame } from '../live/live.group.js';
import type { Listener, LiveSubscription, ResyncNotice } from '../live/live.subscription.js';
import { Conflation } from './conflation.js';
import type { Place } from './hub.rooms.js';
import type { HubClient } from './hub.types.js';
import { whenBelow } from './socket.backlog.js';

export interface MembershipParts {
  readonly socket: HubClient;
  readonly group: string;
  /** Where the client stopped. */
  readonly lastEventId: string | undefined;
  readonly maxHz: number | undefined;
  readonly bufferBytes: number;
  readonly snapshot: () => Promise<unknown>;
}

/**
 * One socket in one group: served by itself while it replays or when it asked for fewer frames, else as one of a room
 * that gets each frame in one broadcast.
 */
export class Membership implements Listener {
  readonly ended = new AbortController();
  private readonly conflation = new Conflation();
  private subscription: LiveSubscription | undefined;
  private place: Place | undefined;
  private timer: NodeJS.Timeout | undefined;
  private replayedTo: string | undefined;

  constructor(private readonly parts: MembershipParts) {
    this.replayedTo = parts.lastEventId;
  }

  get group(): string {
    return this.parts.group;
  }

  /** From where a client that leaves now has to go on; undefined while it was served nothing. */
  get eventId(): string | undefined {
    if (this.place) return this.place.room.eventId;
    return this.subscription?.cursorBelow(this.conflation.firstSequences()) ?? this.replayedTo;
  }

  get isClosed(): boolean {
    return this.ended.signal.aborted;
  }

  /** Goes on by itself. */
  serveAlone(subscription: LiveSubscription): void {
    this.subscription = subscription;
  }

  /** Goes on in the room, from the very frame at which the room stands. */
  serveIn(place: Place): void {
    this.subscription?.close();
    this.subscription = undefined;
    this.place = place;
    place.room.add(this.parts.socket);
  }

  deliver(frame: Frame): void {
    if (!this.subscription) this.replayedTo = frame.eventId;
    if (this.parts.maxHz === undefined || !this.subscription) this.send(frame, frame.body);
    else if (this.conflation.offer(frame)) this.timer ??= this.startTimer(this.parts.maxHz);
    else this.send(frame, { ...frame.body, eventId: this.eventId });
  }

  resync(notice: ResyncNotice): void {
    this.conflation.drain();
    this.parts.socket.emit(HUB_NOTICES.resyncRequired, notice);
  }

  snapshot(): Promise<unknown> {
    return this.parts.snapshot();
  }

  ready(): Promise<void> {
    return whenBelow(this.parts.socket, this.parts.bufferBytes / 2);
  }

  close(): void {
    if (this.isClosed) return;
    clearInterval(this.timer);
    this.place?.leave(this.parts.socket);
    this.subscription?.close();
    this.ended.abort();
  }

  /** The first frame goes at once, what comes within the interval after it waits for its end. */
  private startTimer(maxHz: number): NodeJS.Timeout {
    const timer = setInterval(() => this.flushOrRest(), 1000 / maxHz).unref();
    this.flush();
    return timer;
  }

  private flushOrRest(): void {
    if (!this.conflation.isEmpty) {
      this.flush();
      return;
    }
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** All but the last carry the cursor from before, so that a client which stops in between misses none. */
  private flush(): void {
    const before = this.eventId;
    const frames = this.conflation.drain();
    const last = frames.at(-1);
    for (const frame of frames) {
      this.send(frame, { ...frame.body, eventId: frame === last ? this.eventId : before });
    }
  }

  private send(frame: Frame, body: Frame['body']): void {
    this.parts.socket.emit(frame.event, body, { group: frame.group });
  }
}
