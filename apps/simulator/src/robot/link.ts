import { connect, credsAuthenticator, errors, type NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../log.js';

/** What `POST /api/v1/robots/{id}/credentials` answers, as far as a robot needs it. */
export interface RobotCredentials {
  /** Text of a .creds file; empty for a broker that lets anybody in. */
  readonly creds: string;
  readonly urls: readonly string[];
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  readonly settingsConsumer: string;
}

export interface LinkEvents {
  /** Connected, or connected again. */
  up(connection: NatsConnection): void;
  down(): void;
  /** The broker does not know these credentials (any more); the link stays down. */
  refused(reason: string): void;
  /** The broker objects to something the robot did. */
  complaint(reason: string): void;
}

/** The broker turned the credentials down: revoked, expired or of another broker. */
export class CredentialsRefusedError extends Error {
  override readonly name = 'CredentialsRefusedError';
}

const CONNECT_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;

/** A robot's one connection: comes back by itself after every loss, except when its credentials are refused. */
export class RobotLink {
  private connection: NatsConnection | undefined;
  private connected = false;
  private dials = 0;
  private dialDelayMs = FIRST_RETRY_MS;
  /** Counts openings and closings, so that a late attempt notices that nobody wants it any more. */
  private era = 0;

  constructor(
    private readonly robotId: string,
    private readonly credentials: RobotCredentials,
    private readonly events: LinkEvents,
  ) {}

  /** The connection while it is up. */
  get current(): NatsConnection | undefined {
    return this.connected ? this.connection : undefined;
  }

  /** One attempt. @throws CredentialsRefusedError, or the connection's error. */
  async open(): Promise<void> {
    await this.attempt(++this.era);
  }

  /** Attempts until connected, closed or refused. */
  async reopen(): Promise<void> {
    const era = ++this.era;
    for (let failures = 0; era === this.era; failures++) {
      try {
        return await this.attempt(era);
      } catch (error) {
        if (error instanceof CredentialsRefusedError) return this.events.refused(error.message);
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures)).unref());
      }
    }
  }

  async close(): Promise<void> {
    this.era++;
    const { connection } = this;
    this.lost();
    this.connection = undefined;
    await connection?.close();
  }

  private async attempt(era: number): Promise<void> {
    const connection = await this.dial();
    if (era !== this.era) return connection.close();
    this.connection = connection;
    void this.watch(connection);
    void this.survive(connection, era);
    this.found(connection);
  }

  private async dial(): Promise<NatsConnection> {
    const { creds, urls, inboxPrefix } = this.credentials;
    try {
      return await connect({
        servers: [...urls],
        name: this.robotId,
        inboxPrefix,
        timeout: CONNECT_TIMEOUT_MS,
        maxReconnectAttempts: -1,
        reconnectDelayHandler: () => this.dialDelayMs,
        pingInterval: 10_000,
        maxPingOut: 2,
        ...(creds === '' ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
      });
    } catch (error) {
      if (isRefusal(error)) throw new CredentialsRefusedError(reasonOf(error), { cause: error });
      throw error;
    }
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (connection !== this.connection) return;
      if (status.type === 'disconnect') this.lost();
      else if (status.type === 'reconnecting') this.countDial();
      else if (status.type === 'reconnect') this.found(connection);
      else if (status.type === 'error') this.events.complaint(status.error.message);
    }
  }

  /** The client gives up when it is refused twice; whether that is final shows the next attempt. */
  private async survive(connection: NatsConnection, era: number): Promise<void> {
    await connection.closed();
    if (era !== this.era) return;
    this.lost();
    await this.reopen();
  }

  /** The client asks for the delay more often than it dials (nats-core 3.4), so it must not grow by being asked. */
  private countDial(): void {
    this.dialDelayMs = retryDelayMs(this.dials++);
  }

  private found(connection: NatsConnection): void {
    this.dials = 0;
    this.dialDelayMs = FIRST_RETRY_MS;
    this.connected = true;
    this.events.up(connection);
  }

  private lost(): void {
    if (!this.connected) return;
    this.connected = false;
    this.events.down();
  }
}

/** A server too busy to check credentials says "authentication timeout": that is no refusal. */
function isRefusal(error: unknown): boolean {
  if (error instanceof errors.UserAuthenticationExpiredError) return true;
  return error instanceof errors.AuthorizationError && !/timeout/i.test(error.message);
}

function retryDelayMs(failures: number): number {
  const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return ceilingMs / 2 + (Math.random() * ceilingMs) / 2;
}
