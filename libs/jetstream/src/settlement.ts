import type { JsMsg } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import { type ConsumerContract, PermanentMessageError } from '#libs/contracts';
import { Counter, register } from 'prom-client';
import type { DeadLetters } from './dead-letters.js';
import type { Origin } from './inbound.js';

/** What became of one message: `undefined` means its effect is stored. */
export type Failure = Error | undefined;

/** Tells failures that will pass (a database away) from those of the message or the code. */
export type IsTransient = (error: unknown) => boolean;

const RETRY_DELAYS_MS = [250, 1_000, 5_000, 15_000, 30_000] as const;
const MAX_TRIES = 6;

/** How long to wait before try `tries + 1`. */
export function retryDelayMs(tries: number): number {
  return RETRY_DELAYS_MS[Math.min(tries, RETRY_DELAYS_MS.length) - 1] ?? RETRY_DELAYS_MS[0];
}

/**
 * The one place that acknowledges. Success is acked. A permanent failure goes to the dead letters first and is then
 * terminated. A passing failure is tried again for as long as it takes; any other one until its tries are used up.
 */
export class Settlement {
  private readonly logger = new Logger('Settlement');

  constructor(
    private readonly consumer: ConsumerContract,
    private readonly deadLetters: DeadLetters,
    private readonly isTransient: IsTransient,
  ) {}

  async settle(message: JsMsg, origin: Origin, failure: Failure): Promise<void> {
    if (failure === undefined) {
      message.ack();
      this.count('stored');
    } else if (this.isFinal(message, failure)) {
      await this.bury(message, origin, failure);
    } else {
      message.nak(retryDelayMs(message.info.deliveryCount));
      this.count('retried');
    }
  }

  /** Gives a message back at once, untouched, for another replica. */
  release(message: JsMsg): void {
    message.nak();
  }

  private isFinal(message: JsMsg, failure: Error): boolean {
    if (failure instanceof PermanentMessageError) return true;
    return !this.isTransient(failure) && message.info.deliveryCount >= MAX_TRIES;
  }

  private async bury(message: JsMsg, origin: Origin, failure: Error): Promise<void> {
    const reason = failure instanceof PermanentMessageError ? failure.reason : 'HANDLER_FAILED';
    try {
      await this.deadLetters.add({ message, origin, consumer: this.consumer, reason, explanation: failure.message });
    } catch (error) {
      this.logger.warn(`A dead letter of ${this.consumer.durable} could not be stored yet: ${String(error)}`);
      message.nak(retryDelayMs(message.info.deliveryCount));
      return;
    }
    // Servers before 2.11 do not understand a reason here and would ignore the whole answer.
    message.term();
    this.count('dead_letter');
    this.logger.warn(
      `${this.consumer.durable} refused ${origin.subject} #${origin.position.sequence}: ${reason} ${failure.message}`,
    );
  }

  private count(outcome: string): void {
    settled.inc({ consumer: this.consumer.durable, outcome });
  }
}

const settled = new Counter({
  name: 'muster_messages_settled_total',
  help: 'Messages taken off a durable consumer by outcome',
  labelNames: ['consumer', 'outcome'],
  registers: [register],
});
