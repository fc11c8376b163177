import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PAYLOAD_VERSION, ROBOT_MESSAGES, robotSubject } from '#libs/contracts';
import { JetStreamPublisher } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import { type Introduction, IntroductionRepository } from './introduction.repository.js';

const SWEEP_MS = 2_000;
const BATCH = 200;
/** A robot that comes back later than this is asked anew. */
const REQUEST_LIFETIME_MS = 60_000;

/** Asks robots who they are and what they can do, when that is missing, old, or may have changed. */
@Injectable()
export class IntroductionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Introductions');
  private readonly ticker = new Ticker('Introductions', SWEEP_MS, () => this.sweep());
  private readonly considered = new Set<string>();

  constructor(
    private readonly introductions: IntroductionRepository,
    private readonly publisher: JetStreamPublisher,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Something about these robots changed: do not wait for the next sweep. */
  consider(robotIds: readonly string[]): void {
    for (const robotId of robotIds) this.considered.add(robotId);
    this.ticker.kick();
  }

  /** Looks at everybody in turn, and at once at the few of whom something changed. */
  private async sweep(): Promise<boolean> {
    const few = [...this.considered];
    this.considered.clear();
    const claimed = await this.introductions.claim(few.length > 0 && few.length <= BATCH ? few : undefined, BATCH);
    await Promise.all(claimed.map((introduction) => this.ask(introduction)));
    return claimed.length === BATCH;
  }

  /** A request that did not reach the broker is made again when the robot may be asked the next time. */
  private async ask({ robotId, kind }: Introduction): Promise<void> {
    const { subject, type } = ROBOT_MESSAGES.command;
    const commandId = crypto.randomUUID();
    const now = new Date();
    const expiresAt = new Date(now.getTime() + REQUEST_LIFETIME_MS).toISOString();
    const envelope = {
      payloadVersion: PAYLOAD_VERSION,
      messageId: commandId,
      robotId,
      sentAt: now.toISOString(),
      correlationId: commandId,
      type,
      payload: { commandId, commandType: kind, payload: {}, expiresAt },
    };
    try {
      const messageId = `${robotId}:${type}:${commandId}`;
      await this.publisher.publish(robotSubject(subject, robotId), JSON.stringify(envelope), { messageId });
    } catch (error) {
      this.logger.warn({ event: 'introduction_not_requested', robotId, kind, error });
    }
  }
}
