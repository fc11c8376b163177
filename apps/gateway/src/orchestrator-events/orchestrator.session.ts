import { randomUUID } from 'node:crypto';
import {
  type ConnectedNotice,
  type MusterError,
  ORCHESTRATOR_NOTICES,
  type OrchestratorResyncReason,
  type ResyncRequiredNotice,
} from '#libs/contracts';
import type { LiveEngine } from '../live/live.engine.js';
import type { Frame } from '../live/live.group.js';
import type { Listener, LiveSubscription, ResyncNotice } from '../live/live.subscription.js';
import { orchestratorGroup } from './event.group.js';
import { drained, type EventTransport } from './event.transport.js';
import { fanOut, resyncs, slowConnections } from './orchestrator-events.metrics.js';
import type { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { eventIdAt, OutgoingEvent, outgoingOf } from './outgoing.event.js';
import type { StreamCaller } from './stream.caller.js';
import type { Place } from './stream.opening.js';

export interface SessionParts {
  readonly caller: StreamCaller;
  readonly transport: EventTransport;
  readonly place: Place;
  readonly settings: OrchestratorEventsSettings;
}

/** What was delivered last, and when. */
export interface Delivered {
  readonly eventId: string;
  readonly atMs: number;
}

/** An id that nothing follows for so long is moved up to the end of the stream, which forgets after two days. */
const QUIET_MS = 6 * 3_600_000;

/** One orchestrator's event stream, whatever protocol carries it: `connected`, what it missed, then what comes. */
export class OrchestratorSession implements Listener {
  readonly connectionId = randomUUID();
  private readonly ended = new AbortController();
  private subscription: LiveSubscription | undefined;
  private lastId: string;
  private movedAtMs: number;
  private nextPingAtMs: number;
  private newest: Delivered | undefined;

  constructor(private readonly parts: SessionParts) {
    const nowMs = Date.now();
    this.lastId = parts.place.resumeId;
    this.movedAtMs = nowMs;
    this.nextPingAtMs = nowMs + parts.settings.pingMs;
  }

  get caller(): StreamCaller {
    return this.parts.caller;
  }

  get transport(): EventTransport {
    return this.parts.transport;
  }

  get isOver(): boolean {
    return this.ended.signal.aborted;
  }

  /** What the client was sent last that counts as a contact; undefined before the first. */
  get delivered(): Delivered | undefined {
    return this.newest;
  }

  /** Says `connected`, and at once what keeps it from going on where it stopped. */
  greet(): void {
    const { obstacle, placeId } = this.parts.place;
    const notice: ConnectedNotice = {
      connection_id: this.connectionId,
      server_time: new Date().toISOString(),
      last_event_id: this.lastId,
    };
    this.say(ORCHESTRATOR_NOTICES.connected, notice);
    if (obstacle) this.requireResync(obstacle, placeId);
  }

  /** Replays and goes live. @throws MusterError when the broker cannot be read; the stream is to be ended then. */
  async begin(engine: LiveEngine): Promise<void> {
    const { place, caller } = this.parts;
    const options = { lastEventId: place.cursor, signal: this.ended.signal };
    this.subscription = await engine.join(orchestratorGroup(caller.entityId), options, this);
  }

  deliver(frame: Frame): void {
    if (this.isOver || this.isTooSlow()) return;
    const event = outgoingOf(frame);
    this.send(event);
    this.note(event.id);
    if (this.subscription?.isLive) fanOut.observe(Math.max(0, Date.now() - event.storedAtMs) / 1000);
  }

  resync({ reason, eventId }: ResyncNotice): void {
    if (!this.isOver) this.requireResync(reason, eventIdAt(eventId));
  }

  /** A full sync says more than would fit here. */
  snapshot(): Promise<null> {
    return Promise.resolve(null);
  }

  async ready(): Promise<void> {
    const { transport, settings } = this.parts;
    if (await drained(transport, settings.bufferBytes / 2, settings.slowReplayMs)) return;
    slowConnections.inc();
    transport.abort();
    this.leave();
  }

  /** Says that the line is open, when it is time to; not while a replay is under way. */
  ping(nowMs: number): void {
    if (nowMs < this.nextPingAtMs || !this.subscription?.isLive || this.isOver) return;
    this.nextPingAtMs = Math.max(this.nextPingAtMs, nowMs - this.parts.settings.pingMs) + this.parts.settings.pingMs;
    if (this.isTooSlow()) return;
    if (nowMs - this.movedAtMs > QUIET_MS) this.moveTo(eventIdAt(this.subscription.eventId), nowMs);
    this.say(ORCHESTRATOR_NOTICES.ping, { timestamp: new Date(nowMs).toISOString() });
  }

  /** Ends the stream so that the client comes back, or learns why it should not as it is. */
  end(error?: MusterError): void {
    if (this.isOver) return;
    this.leave();
    this.parts.transport.end(error);
  }

  /** Takes no more; what was handed over is the connection's. */
  leave(): void {
    this.ended.abort();
    this.subscription?.close();
  }

  private requireResync(reason: OrchestratorResyncReason, placeId: string): void {
    const { caller, place } = this.parts;
    const notice: ResyncRequiredNotice = {
      reason,
      entity_id: caller.entityId,
      offline_since: place.offlineSince,
    };
    this.lastId = placeId;
    this.say(ORCHESTRATOR_NOTICES.resyncRequired, notice);
    this.note(placeId);
    resyncs.inc({ reason });
  }

  private note(eventId: string): void {
    const atMs = Date.now();
    this.newest = { eventId, atMs };
    this.moveTo(eventId, atMs);
  }

  private moveTo(eventId: string, atMs: number): void {
    this.lastId = eventId;
    this.movedAtMs = atMs;
  }

  /** A notice has no place of its own: it repeats where the stream stands (decision C9). */
  private say(name: string, notice: object): void {
    this.send(new OutgoingEvent(name, this.lastId, JSON.stringify(notice), Date.now()));
  }

  private send(event: OutgoingEvent): void {
    this.parts.transport.send(event);
  }

  /** Cuts off who has more waiting than it may: it received a beginning of the stream and resumes from there. */
  private isTooSlow(): boolean {
    const { transport, settings } = this.parts;
    if (transport.bufferedBytes <= settings.bufferBytes) return false;
    slowConnections.inc();
    this.leave();
    transport.abort();
    return true;
  }
}
