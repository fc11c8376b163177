import { applyDecorators, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ClientNats, MessagePattern, NatsRecordBuilder, ServerNats, Transport } from '@nestjs/microservices';
import {
  errors,
  type Msg,
  type NatsConnection,
  nuid,
  type Subscription,
  type SubscriptionOptions,
} from '@nats-io/transport-node';
import { catchError, type Observable, throwError, timeout, TimeoutError } from 'rxjs';
import { type ErrorDetails, isErrorCode, MusterError, type RequestContract } from '#libs/contracts';
import { BrokerConnection } from './connection.js';
import { extractTrace, injectTrace, inSpan, SpanKind } from './tracing.js';

/** Every service answers in this group: one of its replicas gets each question. */
export const RPC_QUEUE = 'muster';

/** Binds a method to a question of `libs/contracts`; it returns the answer, a promise or an observable of parts. */
export function Answers(
  contract: RequestContract<never, unknown> | RequestContract<unknown, unknown>,
): MethodDecorator {
  return applyDecorators(MessagePattern<string>(contract.subject, Transport.NATS));
}

/** What Nest's NATS server needs of a connection, without the right to close it. */
class ConnectionLease {
  private readonly subscriptions: Subscription[] = [];

  constructor(private readonly nc: NatsConnection) {}

  subscribe(subject: string, options: SubscriptionOptions): Subscription {
    const subscription = this.nc.subscribe(subject, options);
    this.subscriptions.push(subscription);
    return subscription;
  }

  /** Ends the lease: questions that have arrived are still answered. */
  async close(): Promise<void> {
    if (this.nc.isClosed()) return;
    await Promise.all(this.subscriptions.splice(0).map((subscription) => subscription.drain()));
  }
}

/** Nest's NATS server over the connection that the process has already. */
export class RpcServer extends ServerNats {
  constructor(private readonly broker: BrokerConnection) {
    super({ queue: RPC_QUEUE });
  }

  override createNatsClient(): Promise<ConnectionLease> {
    return Promise.resolve(new ConnectionLease(this.broker.nc));
  }

  /** `BrokerConnection` watches the connection for the whole process. */
  override handleStatusUpdates(): Promise<void> {
    return Promise.resolve();
  }

  override async handleMessage(channel: string, message: Msg): Promise<void> {
    const options = { kind: SpanKind.SERVER, parent: extractTrace(message.headers) };
    await inSpan(`${channel} answer`, options, () => super.handleMessage(channel, message));
  }
}

class SharedClient extends ClientNats {
  constructor(private readonly broker: BrokerConnection) {
    super({ inboxPrefix: broker.inboxPrefix });
  }

  override createClient(): Promise<NatsConnection> {
    return Promise.resolve(this.broker.nc);
  }

  override close(): Promise<void> {
    this.handleClose();
    return Promise.resolve();
  }
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** Asks other services. */
@Injectable()
export class RpcClient implements OnModuleDestroy {
  private readonly client: SharedClient;

  constructor(private readonly broker: BrokerConnection) {
    this.client = new SharedClient(broker);
  }

  async onModuleDestroy(): Promise<void> {
    await this.client.close();
  }

  /**
   * Asks one question and returns the one answer; Nest's message format over the connection's one reply subject, which
   * spares a subscription per question.
   * @throws MusterError as the other side threw it; `NETWORK_TIMEOUT` without an answer in time,
   * `SERVICE_UNAVAILABLE` when nobody listens.
   */
  async ask<Request, Response>(
    contract: RequestContract<Request, Response>,
    request: Request,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<Response> {
    const { subject } = contract;
    if (!this.broker.isConnected)
      throw new MusterError('SERVICE_UNAVAILABLE', 'The broker is away. Try again shortly.');
    const question = JSON.stringify({ pattern: subject, data: request, id: nuid.next() });
    const options = { timeout: timeoutMs, headers: injectTrace() };
    const reply = await this.broker.nc.request(subject, question, options).catch((error: unknown) => {
      throw revive(error, subject);
    });
    return readAnswer<Response>(reply.json(), subject);
  }

  /** Asks one question and passes the parts of the answer on as they come; `timeoutMs` counts between parts. */
  stream<Request, Response>(
    contract: RequestContract<Request, Response>,
    request: Request,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Observable<Response> {
    const record = new NatsRecordBuilder(request).setHeaders(injectTrace()).build();
    return this.client.send<Response>(contract.subject, record).pipe(
      timeout(timeoutMs),
      catchError((error: unknown) => throwError(() => revive(error, contract.subject))),
    );
  }
}

/** What Nest's NATS server answers with. */
interface Answer<Response> {
  readonly response: Response;
}

function readAnswer<Response>(answer: unknown, subject: string): Response {
  if (isAnswer<Response>(answer)) return answer.response;
  throw revive(typeof answer === 'object' && answer !== null && 'err' in answer ? answer.err : answer, subject);
}

/** Only service users answer on `rpc.>`, so what they answer with is trusted; see `RequestContract`. */
function isAnswer<Response>(value: unknown): value is Answer<Response> {
  return typeof value === 'object' && value !== null && !('err' in value);
}

/** Makes the error of the other side an error of this one. */
function revive(error: unknown, subject: string): MusterError {
  if (error instanceof TimeoutError || error instanceof errors.TimeoutError)
    return new MusterError('NETWORK_TIMEOUT', `No answer on ${subject} in time.`);
  if (typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code)) {
    const message = 'message' in error ? String(error.message) : error.code;
    return new MusterError(error.code, message, 'details' in error ? toDetails(error.details) : {});
  }
  return new MusterError('SERVICE_UNAVAILABLE', `Nobody answers on ${subject} now.`, {}, { cause: error });
}

function toDetails(value: unknown): ErrorDetails {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
