import { type Consumer, type ConsumerMessages, jetstream, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { PermanentMessageError } from '#libs/contracts';
import { type Log, reasonOf } from '../log.js';

/** The broker has no such durable: the robot was never enrolled there, or its stream was made anew. */
export class DurableMissingError extends Error {
  override readonly name = 'DurableMissingError';
}

export interface IntakeOptions {
  readonly robotId: string;
  readonly stream: string;
  readonly durable: string;
  /** Called once per delivery, after it was acknowledged. @throws PermanentMessageError for what it cannot read. */
  readonly take: (subject: string, data: Uint8Array) => void;
  readonly log: Log;
}

const MAX_PULL = 64;
const PULL_EXPIRES_MS = 5_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

/** Pulls one durable for as long as its connection lives. */
export class Intake {
  private session: Session | undefined;

  constructor(private readonly options: IntakeOptions) {}

  /** Looks the durable up. @throws DurableMissingError */
  async verify(connection: NatsConnection): Promise<void> {
    await this.lookUp(connection);
  }

  /** Begins pulling; what pulled before, on this or an older connection, ends. */
  start(connection: NatsConnection): void {
    this.stop();
    this.session = { connection };
    void this.keepPulling(this.session);
  }

  stop(): void {
    this.session?.messages?.stop();
    this.session = undefined;
  }

  private async keepPulling(session: Session): Promise<void> {
    for (let failures = 0; this.isCurrent(session); failures++) {
      try {
        session.messages = await this.consume(session.connection);
        failures = 0;
        if (!this.isCurrent(session)) return session.messages.stop();
        const failure = await session.messages.closed();
        if (failure instanceof Error) throw failure;
      } catch (error) {
        this.report(session, error);
      }
      await pause(failures);
    }
  }

  private isCurrent(session: Session): boolean {
    return this.session === session && !session.connection.isClosed();
  }

  private async consume(connection: NatsConnection): Promise<ConsumerMessages> {
    const consumer = await this.lookUp(connection);
    return consumer.consume({
      max_messages: MAX_PULL,
      expires: PULL_EXPIRES_MS,
      abort_on_missing_resource: true,
      callback: (message) => this.take(message),
    });
  }

  private async lookUp(connection: NatsConnection): Promise<Consumer> {
    const { stream, durable } = this.options;
    try {
      return await jetstream(connection).consumers.get(stream, durable);
    } catch (cause) {
      if (!isNotFound(cause)) throw cause;
      throw new DurableMissingError(`The broker has no consumer ${durable} on stream ${stream}.`, { cause });
    }
  }

  /** Acknowledged when taken: from here on the robot answers for it with its own acknowledgements. */
  private take(message: JsMsg): void {
    const { robotId, take, log } = this.options;
    message.ack();
    try {
      take(message.subject, message.data);
    } catch (error) {
      if (!(error instanceof PermanentMessageError)) throw error;
      log.warn('message_unreadable', { robot_id: robotId, subject: message.subject, message: error.message });
    }
  }

  private report(session: Session, error: unknown): void {
    const { robotId, durable, log } = this.options;
    if (this.isCurrent(session)) log.warn('pull_failed', { robot_id: robotId, durable, message: reasonOf(error) });
  }
}

interface Session {
  readonly connection: NatsConnection;
  messages?: ConsumerMessages;
}

async function pause(failures: number): Promise<void> {
  const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
}

const NOT_FOUND = 404;

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === NOT_FOUND;
}
