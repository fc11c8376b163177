import { isAllowed, type Principal } from '#libs/auth';
import { HUB_MESSAGES, HUB_NOTICES, MusterError, type HubGroup, type Policy } from '#libs/contracts';
import type { Authenticator } from '../auth/authenticator.js';
import type { LiveEngine } from '../live/live.engine.js';
import { liveGroupOf } from '../live/robot.groups.js';
import type { JoinMessage } from './hub.messages.js';
import { slowSockets } from './hub.metrics.js';
import type { HubRooms } from './hub.rooms.js';
import type { HubSettings } from './hub.settings.js';
import type { HubSnapshots } from './hub.snapshots.js';
import type { HubClient } from './hub.types.js';
import { Membership } from './membership.js';
import { backlogBytes } from './socket.backlog.js';
import { TokenBucket } from './token.bucket.js';

export interface SessionParts {
  readonly engine: LiveEngine;
  readonly rooms: HubRooms;
  readonly snapshots: HubSnapshots;
  readonly authenticator: Authenticator;
  readonly settings: HubSettings;
}

/** A client that goes on although it was told so often is cut off. */
const REFUSALS_BEFORE_CLOSING = 1_000;
/** A timer that is longer overflows and fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One socket: who it is, what it watches, what it may still do. */
export class HubSession {
  /** Keyed by group name. */
  private readonly memberships = new Map<string, Membership>();
  private readonly allowance: TokenBucket;
  private readonly expiry: NodeJS.Timeout | undefined;

  constructor(
    readonly socket: HubClient,
    readonly principal: Principal,
    private readonly parts: SessionParts,
  ) {
    this.allowance = new TokenBucket(parts.settings.messagesPerSecond, Date.now());
    const { expiresAt } = principal;
    if (expiresAt === null) return;
    const lifeMs = Math.min(MAX_TIMER_MS, expiresAt.getTime() - Date.now());
    this.expiry = setTimeout(() => this.expire(), Math.max(0, lifeMs)).unref();
  }

  /** Checks a message before anything is done for it: not too many, still proven, allowed. @throws MusterError */
  authorise(policy: Policy): void {
    this.countMessage();
    if (!this.parts.authenticator.isStanding(this.principal)) {
      this.expire();
      throw new MusterError('AUTH_TOKEN_EXPIRED', 'The access token or API key is over; log in again.');
    }
    if (!isAllowed(policy, this.principal)) {
      throw new MusterError('ACCESS_DENIED', `This needs the policy ${policy}.`, { policy });
    }
  }

  /** Counts a message against the socket's rate. @throws MusterError `RATE_LIMIT_EXCEEDED` */
  countMessage(): void {
    if (this.allowance.take(Date.now())) return;
    if (this.allowance.refusedInARow > REFUSALS_BEFORE_CLOSING) this.socket.disconnect(true);
    const { messagesPerSecond } = this.parts.settings;
    throw new MusterError('RATE_LIMIT_EXCEEDED', `A socket may send ${messagesPerSecond} messages a second.`, {
      messagesPerSecond,
    });
  }

  /** Answers a message that the hub does not know. @throws MusterError always */
  refuse(event: string): never {
    this.countMessage();
    const known = Object.values(HUB_MESSAGES);
    throw new MusterError('VALIDATION_FAILED', `The hub knows ${known.join(', ')}, not "${event.slice(0, 80)}".`);
  }

  /** Joins a group, anew when it was joined before; answers the cursor from which its events go on. */
  async join(message: JoinMessage): Promise<string | undefined> {
    const { group, lastEventId, replay, maxHz } = message;
    const membership = this.newMembership(message);
    try {
      const { signal } = membership.ended;
      const options = { lastEventId, replay, signal };
      membership.serveAlone(await this.parts.engine.join(liveGroupOf(group), options, membership));
      if (maxHz === undefined) await this.enterRoom(group, membership);
    } catch (error) {
      this.drop(membership);
      throw error;
    }
    return membership.eventId;
  }

  /** Leaves a group; answers the cursor to come back with, undefined when it was not joined. */
  leave(group: HubGroup): string | undefined {
    const membership = this.memberships.get(liveGroupOf(group).name);
    if (!membership) return undefined;
    const { eventId } = membership;
    this.drop(membership);
    return eventId;
  }

  /** Leaves every group when more waits for the socket than it may; each comes with the id to go on from. */
  checkBacklog(): void {
    if (this.memberships.size === 0) return;
    const bytes = backlogBytes(this.socket);
    if (bytes <= this.parts.settings.bufferBytes) return;
    for (const membership of this.memberships.values()) {
      const { group, eventId: lastEventId } = membership;
      this.drop(membership);
      const message = `${bytes} bytes wait for this socket; join ${group} again with lastEventId once they are read.`;
      slowSockets.inc();
      this.socket.emit(HUB_NOTICES.tooSlow, { group, lastEventId, message });
    }
  }

  /** Tells the client that its proof is over, and closes the socket. */
  expire(): void {
    const { code, message } = new MusterError(
      'AUTH_TOKEN_EXPIRED',
      'The access token or API key is over; log in again.',
    );
    this.socket.emit(HUB_NOTICES.unauthorized, { code, message });
    this.socket.disconnect(true);
  }

  close(): void {
    clearTimeout(this.expiry);
    for (const membership of this.memberships.values()) membership.close();
    this.memberships.clear();
  }

  private newMembership({ group, lastEventId, maxHz }: JoinMessage): Membership {
    const { name } = liveGroupOf(group);
    const { groupsPerSocket, bufferBytes } = this.parts.settings;
    if (!this.memberships.has(name) && this.memberships.size >= groupsPerSocket) {
      const details = { groupsPerSocket };
      throw new MusterError('RATE_LIMIT_EXCEEDED', `A socket may join ${groupsPerSocket} groups.`, details);
    }
    this.memberships.get(name)?.close();
    const snapshot = (): Promise<unknown> => this.parts.snapshots.of(group);
    const membership = new Membership({
      socket: this.socket,
      group: name,
      lastEventId,
      maxHz,
      bufferBytes,
      snapshot,
    });
    this.memberships.set(name, membership);
    return membership;
  }

  private async enterRoom(group: HubGroup, membership: Membership): Promise<void> {
    const place = await this.parts.rooms.placeIn(group);
    if (!membership.isClosed && place.room.isLive) membership.serveIn(place);
    else place.leave(this.socket);
  }

  private drop(membership: Membership): void {
    membership.close();
    if (this.memberships.get(membership.group) === membership) this.memberships.delete(membership.group);
  }
}
