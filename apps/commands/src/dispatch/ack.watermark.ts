import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Injectable } from '@nestjs/common';
import { CONSUMERS } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import { CommandsSettings } from '../commands.settings.js';

const { stream: STREAM, durable: DURABLE } = CONSUMERS.commandAckIngest;
/** Asked again within this time, we are still waiting for the same thing. */
const SAME_WAIT_MS = 5_000;

/**
 * Until when every acknowledgement that the broker stored is in the ledger. A command may time out only up to there: an
 * answer that came in time but still waits in the stream, after our own downtime above all, must count.
 */
@Injectable()
export class AckWatermark {
  private manager: Promise<JetStreamManager> | undefined;
  private reachedMs = 0;
  /** A sequence that the stream had at an instant: once it is worked off, that instant is reached. */
  private mark: { readonly atMs: number; readonly sequence: number } | undefined;
  private floor = -1;
  private askedMs = 0;
  private movedMs = 0;

  constructor(
    private readonly broker: BrokerConnection,
    private readonly settings: CommandsSettings,
  ) {}

  /** Looks again at how far the acknowledgements are worked off. */
  async refresh(now: Date): Promise<void> {
    const nowMs = now.getTime();
    if (nowMs - this.askedMs > SAME_WAIT_MS) this.movedMs = nowMs;
    this.askedMs = nowMs;
    if (!this.broker.isConnected) return;
    this.manager ??= jetstreamManager(this.broker.nc, { checkAPI: false });
    const manager = await this.manager;
    const { state } = await manager.streams.info(STREAM);
    const { ack_floor, num_pending, num_ack_pending } = await manager.consumers.info(STREAM, DURABLE);
    const done = num_pending === 0 && num_ack_pending === 0;
    this.advance(nowMs, { last: state.last_seq, floor: ack_floor.stream_seq, done });
  }

  /** Whether a deadline may be held against a robot: its answers until then are known, or will not be for long. */
  hasPassed(deadline: Date, now: Date): boolean {
    return this.reachedMs >= deadline.getTime() || now.getTime() - this.movedMs >= this.settings.ackHoldMs;
  }

  private advance(nowMs: number, { last, floor, done }: { last: number; floor: number; done: boolean }): void {
    if (done) this.reachedMs = nowMs;
    else if (this.mark && floor >= this.mark.sequence) this.reachedMs = this.mark.atMs;
    if (done || floor !== this.floor) this.movedMs = nowMs;
    this.floor = floor;
    if (done || !this.mark || floor >= this.mark.sequence) this.mark = { atMs: nowMs, sequence: last };
  }
}
