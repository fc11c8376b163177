import { createInbox, headers as newHeaders, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { Counter, register } from 'prom-client';
import type { BrokerConnection } from './connection.js';
import { injectTrace } from './tracing.js';

/** The broker stored the message, or had it already. */
export interface Stored {
  readonly stream: string;
  readonly sequence: number;
  /** True when a message with this id was stored before, within the stream's duplicate window. */
  readonly duplicate: boolean;
}

export interface PublishOptions {
  /** Deterministic id: a repeat within the duplicate window is dropped by the broker. */
  readonly messageId: string;
  readonly headers?: MsgHdrs;
}

/** The broker did not confirm: the message may or may not be stored. Publish again with the same id. */
export class PublishFailedError extends Error {
  override readonly name = 'PublishFailedError';
  /** A later try may succeed. */
  readonly transient = true;
}

interface Waiting {
  readonly subject: string;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
  readonly deadlineMs: number;
}

const ACK_TIMEOUT_MS = 5_000;
const SWEEP_MS = 250;
const MAX_WAITING = 50_000;

/**
 * Publishes to JetStream over one shared reply subject, so that many publishes are under way at once
 * (four to five times the rate of one request each).
 */
export class JetStreamPublisher {
  private readonly inbox: string;
  /** Keyed by the last token of the reply subject. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly replies: Subscription;
  private readonly sweeper: NodeJS.Timeout;
  private counter = 0;

  constructor(private readonly broker: BrokerConnection) {
    this.inbox = createInbox(broker.inboxPrefix);
    this.replies = broker.nc.subscribe(`${this.inbox}.*`, { callback: (_error, reply) => this.settle(reply) });
    this.sweeper = setInterval(() => this.expire(Date.now()), SWEEP_MS).unref();
  }

  /**
   * Publishes and resolves once the broker has stored the message.
   * @throws PublishFailedError when it did not say so in time; safe to repeat with the same id.
   */
  async publish(subject: string, data: Uint8Array | string, options: PublishOptions): Promise<Stored> {
    if (!this.broker.isConnected) throw new PublishFailedError(`The broker is away; ${subject} was not published.`);
    if (this.waiting.size >= MAX_WAITING)
      throw new PublishFailedError(`${MAX_WAITING} publishes wait for the broker already.`);
    const token = (this.counter++).toString(36);
    const headers = injectTrace(options.headers ?? newHeaders());
    headers.set('Nats-Msg-Id', options.messageId);
    return new Promise<Stored>((resolve, reject) => {
      this.waiting.set(token, { subject, resolve, reject, deadlineMs: Date.now() + ACK_TIMEOUT_MS });
      try {
        this.broker.nc.publish(subject, data, { headers, reply: `${this.inbox}.${token}` });
      } catch (error) {
        this.waiting.delete(token);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Waits until the broker answered everything published so far, or the answers are overdue. */
  async flush(): Promise<void> {
    while (this.waiting.size > 0 && this.broker.isConnected) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Stops listening; whatever still waits is failed. */
  close(): void {
    clearInterval(this.sweeper);
    this.expire(Number.POSITIVE_INFINITY);
    if (!this.broker.nc.isClosed()) this.replies.unsubscribe();
  }

  private settle(reply: Msg): void {
    const token = reply.subject.slice(this.inbox.length + 1);
    const waiting = this.waiting.get(token);
    if (!waiting) return;
    this.waiting.delete(token);
    try {
      waiting.resolve(readAck(reply));
      published.inc({ outcome: 'stored' });
    } catch (error) {
      published.inc({ outcome: 'failed' });
      const reason = error instanceof Error ? error.message : String(error);
      waiting.reject(new PublishFailedError(`${waiting.subject} was not stored: ${reason}`, { cause: error }));
    }
  }

  private expire(nowMs: number): void {
    for (const [token, waiting] of this.waiting) {
      if (waiting.deadlineMs > nowMs) break;
      this.waiting.delete(token);
      published.inc({ outcome: 'unanswered' });
      waiting.reject(new PublishFailedError(`The broker did not answer for ${waiting.subject}.`));
    }
  }
}

function readAck(reply: Msg): Stored {
  if (reply.data.length === 0) throw new Error(`no stream listens (${reply.headers?.code ?? 'empty answer'})`);
  const ack: unknown = reply.json();
  if (typeof ack !== 'object' || ack === null) throw new Error('the broker’s answer is not an object');
  if ('error' in ack) throw new Error(JSON.stringify(ack.error));
  if (!('stream' in ack) || !('seq' in ack)) throw new Error('the broker’s answer has no sequence');
  return {
    stream: String(ack.stream),
    sequence: Number(ack.seq),
    duplicate: 'duplicate' in ack && ack.duplicate === true,
  };
}

const published = new Counter({
  name: 'muster_published_total',
  help: 'Messages published to JetStream by outcome',
  labelNames: ['outcome'],
  registers: [register],
});
