import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Subject, type Observable, type Subscription } from 'rxjs';
import { MusterError } from '#libs/contracts';
import { Authenticator } from '../auth/authenticator.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';
import { LiveEngine } from '../live/live.engine.js';
import type { EventTransport } from './event.transport.js';
import { connections } from './orchestrator-events.metrics.js';
import { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { type Delivered, OrchestratorSession } from './orchestrator.session.js';
import type { StreamCaller } from './stream.caller.js';
import type { Place } from './stream.opening.js';

/** Pings and ends are due within so much of a ping's interval. */
const TICKS_PER_PING = 30;
const MAX_TICK_MS = 1_000;

/** A delivery to an orchestrator that nobody was told of yet. */
export interface UntoldContact extends Delivered {
  readonly orchestratorId: string;
}

/** The event streams of this gateway. */
@Injectable()
export class OrchestratorSessions implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('OrchestratorEvents');
  /** Assigned id → its streams, oldest first. */
  private readonly sessions = new Map<string, Set<OrchestratorSession>>();
  /** Assigned id → the newest delivery over a stream that is closed. */
  private readonly untold = new Map<string, Delivered>();
  private readonly noteworthy = new Subject<void>();
  private timer: NodeJS.Timeout | undefined;
  private revocations: Subscription | undefined;
  private isStopping = false;

  /** Contacts that should not wait long: the same orchestrator may come back at once. */
  readonly noteworthy$: Observable<void> = this.noteworthy.asObservable();

  constructor(
    private readonly engine: LiveEngine,
    private readonly authenticator: Authenticator,
    private readonly revoked: SessionRevocations,
    private readonly settings: OrchestratorEventsSettings,
  ) {}

  onModuleInit(): void {
    const tickMs = Math.min(MAX_TICK_MS, this.settings.pingMs / TICKS_PER_PING);
    this.timer = setInterval(() => this.tick(Date.now()), tickMs).unref();
    this.revocations = this.revoked.revoked$.subscribe((sessionId) => this.endGrant(sessionId));
  }

  onModuleDestroy(): void {
    this.isStopping = true;
    clearInterval(this.timer);
    this.revocations?.unsubscribe();
    for (const session of this.all()) session.end();
  }

  get count(): number {
    return [...this.all()].length;
  }

  /** @throws MusterError `SERVICE_UNAVAILABLE` while this gateway ends. */
  requireOpen(): void {
    if (this.isStopping) throw new MusterError('SERVICE_UNAVAILABLE', 'This gateway is stopping; connect again.');
  }

  /** Serves a connection from its place on, until either side ends it. */
  async serve(caller: StreamCaller, transport: EventTransport, place: Place): Promise<void> {
    const session = new OrchestratorSession({ caller, transport, place, settings: this.settings });
    this.admit(session);
    transport.onClose(() => this.forget(session));
    try {
      session.greet();
      if (place.obstacle) this.noteworthy.next();
      await session.begin(this.engine);
    } catch (error) {
      // The client left before the replay had ended, or the broker did.
      if (!session.isOver) this.logger.warn({ event: 'event_stream_failed', entity_id: caller.entityId, error });
      session.end(error instanceof MusterError ? error : undefined);
    }
    if (this.isStopping) session.end();
  }

  /** Takes out what was delivered since the last time, one entry for each orchestrator. */
  takeContacts(sinceMs: number): readonly UntoldContact[] {
    const contacts = new Map(this.untold);
    this.untold.clear();
    for (const { caller, delivered } of this.all()) {
      const known = contacts.get(caller.orchestratorId);
      if (delivered && delivered.atMs >= sinceMs && delivered.atMs >= (known?.atMs ?? 0)) {
        contacts.set(caller.orchestratorId, delivered);
      }
    }
    return [...contacts].map(([orchestratorId, delivered]) => ({ orchestratorId, ...delivered }));
  }

  private *all(): Generator<OrchestratorSession> {
    for (const streams of this.sessions.values()) yield* streams;
  }

  private admit(session: OrchestratorSession): void {
    const { orchestratorId } = session.caller;
    const streams = this.sessions.get(orchestratorId) ?? new Set();
    this.sessions.set(orchestratorId, streams.add(session));
    connections.inc({ protocol: session.transport.protocol });
    const [oldest] = streams;
    if (streams.size > this.settings.connectionsPerOrchestrator) oldest?.end();
  }

  private forget(session: OrchestratorSession): void {
    session.leave();
    const { orchestratorId } = session.caller;
    const streams = this.sessions.get(orchestratorId);
    if (!streams?.delete(session)) return;
    if (streams.size === 0) this.sessions.delete(orchestratorId);
    connections.dec({ protocol: session.transport.protocol });
    const { delivered } = session;
    const known = this.untold.get(orchestratorId);
    if (!delivered || delivered.atMs < (known?.atMs ?? 0)) return;
    this.untold.set(orchestratorId, delivered);
    this.noteworthy.next();
  }

  private tick(nowMs: number): void {
    for (const session of this.all()) {
      if (this.authenticator.isStanding(session.caller.principal)) session.ping(nowMs);
      else session.end(tokenIsOver());
    }
  }

  private endGrant(sessionId: string): void {
    for (const session of this.all()) {
      if (session.caller.principal.sessionId === sessionId) session.end(tokenIsOver());
    }
  }
}

function tokenIsOver(): MusterError {
  return new MusterError('AUTH_TOKEN_EXPIRED', 'The token has ended; get a new one and connect again.');
}
