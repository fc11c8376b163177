import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { MusterError } from '#libs/contracts';
import { Authenticator } from '../auth/authenticator.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';
import { openSockets } from './hub.metrics.js';
import { HubGroups } from './hub.groups.js';
import { HubSession } from './hub.session.js';
import { HubSettings } from './hub.settings.js';
import type { HubClient } from './hub.types.js';

const CHECK_EVERY_MS = 100;

/** The sockets of this gateway. */
@Injectable()
export class HubSessions implements OnModuleInit, OnModuleDestroy {
  /** Keyed by socket id. */
  private readonly sessions = new Map<string, HubSession>();
  private timer: NodeJS.Timeout | undefined;
  private revocations: Subscription | undefined;

  constructor(
    private readonly groups: HubGroups,
    private readonly authenticator: Authenticator,
    private readonly revoked: SessionRevocations,
    private readonly settings: HubSettings,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.checkBacklogs(), CHECK_EVERY_MS).unref();
    this.revocations = this.revoked.revoked$.subscribe((sessionId) => this.endLogIn(sessionId));
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.revocations?.unsubscribe();
  }

  get count(): number {
    return this.sessions.size;
  }

  open(socket: HubClient): void {
    const { principal } = socket.data;
    if (!principal) {
      socket.disconnect(true);
      return;
    }
    const { engine, rooms, snapshots } = this.groups;
    const { authenticator, settings } = this;
    this.sessions.set(
      socket.id,
      new HubSession(socket, principal, { engine, rooms, snapshots, authenticator, settings }),
    );
    openSockets.set(this.sessions.size);
  }

  close(socket: HubClient): void {
    this.sessions.get(socket.id)?.close();
    this.sessions.delete(socket.id);
    openSockets.set(this.sessions.size);
  }

  /** @throws MusterError `AUTH_REQUIRED` for a socket that is closing. */
  of(socket: HubClient): HubSession {
    const session = this.sessions.get(socket.id);
    if (session) return session;
    throw new MusterError('AUTH_REQUIRED', 'This socket is closed.');
  }

  private checkBacklogs(): void {
    for (const session of this.sessions.values()) session.checkBacklog();
  }

  private endLogIn(sessionId: string): void {
    for (const session of this.sessions.values()) {
      if (session.principal.sessionId === sessionId) session.expire();
    }
  }
}
