import { type ConsumerInfo, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Injectable } from '@nestjs/common';
import { type ConsumerContract, CONSUMERS } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import type { Hearing } from './presence.policy.js';

/** Every durable whose messages are signs of life. */
const LIFE: readonly ConsumerContract[] = [
  CONSUMERS.identityIngest,
  CONSUMERS.capabilityIngest,
  CONSUMERS.settingsReportedIngest,
  CONSUMERS.statusIngest,
  CONSUMERS.telemetryPresence,
  CONSUMERS.ackPresence,
];

/** What arrives between two looks is no backlog. */
const USUAL_PENDING = 1_000;
/** Messages in hand are no backlog either, as long as the oldest ones get done. */
const STUCK_AFTER_MS = 5_000;

interface Floor {
  readonly sequence: number;
  readonly movedAtMs: number;
}

/** Knows up to when everything that robots said has been worked off, and since when we have listened without a break. */
@Injectable()
export class Ears {
  /** Keyed by durable. */
  private readonly floors = new Map<string, Floor>();
  private manager: Promise<JetStreamManager> | undefined;
  private upSinceMs = 0;
  private sinceMs: number | undefined;
  private untilMs = 0;

  constructor(private readonly broker: BrokerConnection) {}

  /** `undefined` while the broker is away or what it kept for us is not worked off yet. */
  async listen(): Promise<Hearing | undefined> {
    const nowMs = Date.now();
    if (!this.broker.isConnected || this.broker.upSinceMs !== this.upSinceMs) this.sinceMs = undefined;
    this.upSinceMs = this.broker.upSinceMs;
    if (await this.isCaughtUp(nowMs)) {
      this.sinceMs ??= nowMs;
      this.untilMs = nowMs;
    }
    return this.sinceMs === undefined ? undefined : { sinceMs: this.sinceMs, untilMs: this.untilMs };
  }

  private async isCaughtUp(nowMs: number): Promise<boolean> {
    if (!this.broker.isConnected) return false;
    try {
      this.manager ??= jetstreamManager(this.broker.nc, { checkAPI: false });
      const { consumers } = await this.manager;
      const infos = await Promise.all(LIFE.map(({ stream, durable }) => consumers.info(stream, durable)));
      return infos.map((info) => this.isDone(info, nowMs)).every(Boolean);
    } catch {
      // Without an answer robots may be unheard, too: start to listen anew.
      this.manager = undefined;
      this.sinceMs = undefined;
      return false;
    }
  }

  private isDone({ name, num_pending, num_ack_pending, ack_floor }: ConsumerInfo, nowMs: number): boolean {
    const known = this.floors.get(name);
    const sequence = ack_floor.stream_seq;
    const movedAtMs = known === undefined || known.sequence === sequence ? (known?.movedAtMs ?? 0) : nowMs;
    this.floors.set(name, { sequence, movedAtMs });
    return num_pending <= USUAL_PENDING && (num_ack_pending === 0 || nowMs - movedAtMs < STUCK_AFTER_MS);
  }
}
