import type { JsMsg } from '@nats-io/jetstream';
import { PermanentMessageError } from '#libs/contracts';
import type { Delivery } from './handler.decorator.js';
import { type Arrival, type Origin, originOf, toArrival, toInbound } from './inbound.js';
import { type Failure, type IsTransient, retryDelayMs, type Settlement } from './settlement.js';
import { type LogFields, withLogFields } from './log-context.js';
import { extractTrace, inSpan, SpanKind } from './tracing.js';

/** Calls the application with one message or an array of them; resolves when the effect is stored. */
export type Handler = (input: Arrival | readonly Arrival[]) => Promise<void>;

interface Item {
  readonly message: JsMsg;
  readonly origin: Origin;
  readonly queuedAtMs: number;
}
interface Ready extends Omit<Item, 'queuedAtMs'> {
  readonly input: Arrival;
}

interface Parts {
  readonly delivery: Delivery;
  readonly handler: Handler;
  readonly settlement: Settlement;
  readonly isTransient: IsTransient;
}

const MAX_PAUSE_MS = 5_000;
const SMALLEST_PULL = 200;

/**
 * Takes messages off a queue, at most `concurrency` handler calls at a time, in arrays when the handler wants them. Whoever
 * fills the queue asks for room first, so it holds a few batches and never more.
 */
export class Worker {
  private readonly queue: Item[] = [];
  private running = 0;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private pausedUntilMs = 0;
  private failuresInARow = 0;
  private idle: (() => void) | undefined;
  private readonly awaitingRoom: (() => void)[] = [];

  constructor(private readonly parts: Parts) {}

  /** Queues one message; never blocks. */
  push(message: JsMsg, epochMs: number): void {
    if (this.stopped) return this.parts.settlement.release(message);
    const origin = originOf(message, this.parts.delivery.consumer, epochMs);
    this.queue.push({ message, origin, queuedAtMs: Date.now() });
    this.wake();
  }

  /** How many messages to ask for at once. */
  get pullSize(): number {
    return Math.max(SMALLEST_PULL, this.batchSize);
  }

  /** Resolves when there is room for one more pull, or when the worker stops. */
  hasRoom(): Promise<void> {
    if (this.stopped || this.queue.length <= this.pullSize) return Promise.resolve();
    return new Promise((resolve) => this.awaitingRoom.push(resolve));
  }

  /** Finishes what runs, gives back what waits. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.letIn();
    clearTimeout(this.timer);
    for (const { message } of this.queue.splice(0)) this.parts.settlement.release(message);
    if (this.running > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  private get batchSize(): number {
    return this.parts.delivery.batch?.size ?? 1;
  }

  private wake(): void {
    while (!this.stopped && this.running < this.parts.delivery.concurrency) {
      const [oldest] = this.queue;
      if (!oldest) return;
      const waitMs = this.dueAtMs(oldest) - Date.now();
      if (waitMs > 0) return this.wakeIn(waitMs);
      void this.run(this.queue.splice(0, this.batchSize));
      if (this.queue.length <= this.pullSize) this.letIn();
    }
  }

  private letIn(): void {
    for (const resolve of this.awaitingRoom.splice(0)) resolve();
  }

  /** A pause after failures holds everything; otherwise only a batch that is not full yet waits for more. */
  private dueAtMs(oldest: Item): number {
    const { batch } = this.parts.delivery;
    const full = !batch || this.queue.length >= batch.size;
    return Math.max(this.pausedUntilMs, full ? 0 : oldest.queuedAtMs + batch.waitMs);
  }

  private wakeIn(waitMs: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.wake();
    }, waitMs);
  }

  private async run(items: readonly Item[]): Promise<void> {
    this.running++;
    try {
      await this.handle(await this.readAll(items));
    } finally {
      this.running--;
      if (this.stopped && this.running === 0) this.idle?.();
      this.wake();
    }
  }

  /** Checks each message by itself, so that a bad one never spoils its neighbours. */
  private async readAll(items: readonly Item[]): Promise<Ready[]> {
    const ready: Ready[] = [];
    for (const item of items) {
      try {
        ready.push({ message: item.message, origin: item.origin, input: this.read(item) });
      } catch (error) {
        await this.parts.settlement.settle(item.message, item.origin, toError(error));
      }
    }
    return ready;
  }

  private read({ message, origin }: Item): Arrival {
    const contract = this.parts.delivery.message;
    return contract ? toInbound(contract, message, origin) : toArrival(message, origin);
  }

  private async handle(items: readonly Ready[]): Promise<void> {
    const [first] = items;
    if (!first) return;
    const failure = await this.call(items, first);
    if (failure instanceof PermanentMessageError && items.length > 1) {
      // One of them can never be stored: halving finds it in few calls, however many there are.
      const middle = Math.ceil(items.length / 2);
      await this.handle(items.slice(0, middle));
      await this.handle(items.slice(middle));
      return;
    }
    this.pace(failure);
    await Promise.all(items.map(({ message, origin }) => this.parts.settlement.settle(message, origin, failure)));
  }

  private async call(items: readonly Ready[], first: Ready): Promise<Failure> {
    const { consumer, batch } = this.parts.delivery;
    const options = {
      kind: SpanKind.CONSUMER,
      parent: extractTrace(first.message.headers),
      attributes: { 'messaging.destination': first.origin.subject, 'messaging.batch.message_count': items.length },
    };
    try {
      const input = batch ? items.map((item) => item.input) : first.input;
      const handle = (): Promise<void> => withLogFields(fieldsOf(first, items.length), () => this.parts.handler(input));
      await inSpan(`${consumer.durable} process`, options, handle);
      return undefined;
    } catch (error) {
      return toError(error);
    }
  }

  /** Passing failures slow the whole worker down instead of burning through every queued message. */
  private pace(failure: Failure): void {
    if (failure === undefined || !this.parts.isTransient(failure)) {
      this.failuresInARow = 0;
      return;
    }
    this.failuresInARow++;
    this.pausedUntilMs = Date.now() + Math.min(MAX_PAUSE_MS, retryDelayMs(this.failuresInARow));
  }
}

/** What tells the log lines of one message apart; a batch has no one robot. */
function fieldsOf({ input }: Ready, count: number): LogFields {
  if (count > 1) return {};
  const correlationId = 'envelope' in input ? correlationOf(input.envelope) : undefined;
  return { robot_id: input.robotId, ...(correlationId === undefined ? {} : { correlation_id: correlationId }) };
}

function correlationOf(envelope: unknown): string | undefined {
  if (typeof envelope !== 'object' || envelope === null || !('correlationId' in envelope)) return undefined;
  return typeof envelope.correlationId === 'string' ? envelope.correlationId : undefined;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
