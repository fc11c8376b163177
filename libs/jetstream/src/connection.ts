import { readFile } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { Gauge, register } from 'prom-client';

/** How to reach the broker and as whom. */
export interface BrokerOptions {
  /** Comma-separated `nats://host:port` list. */
  readonly url: string;
  /** Path of a .creds file; absent for a broker without authentication. */
  readonly credsFile?: string;
  /** Shown in the broker's connection list, and base of the reply subjects. */
  readonly name: string;
  readonly inboxPrefix: string;
}

const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** The client does not notice when the broker hangs up before it has let it in, and waits this long: as long as the broker. */
const HANDSHAKE_MS = 10_000;

/**
 * One connection to the broker, shared by everything in the process. Reconnects for ever with growing, jittered
 * delays; while it is away publishes fail fast and consumers resume by themselves.
 */
export class BrokerConnection {
  private static readonly logger = new Logger('Broker');
  private connectedSinceMs = Date.now();
  private readonly reconnected = new Set<() => void>();
  private connected = true;

  private constructor(
    readonly nc: NatsConnection,
    /** Base of every reply subject of this connection. */
    readonly inboxPrefix: string,
  ) {
    void this.watch();
  }

  /** Connects, or throws when the broker cannot be reached or refuses the credentials. */
  static async open(options: BrokerOptions): Promise<BrokerConnection> {
    const creds = options.credsFile === undefined ? undefined : await readFile(options.credsFile);
    let awaySinceMs: number | undefined;
    const nc = await connect({
      servers: options.url.split(','),
      name: options.name,
      inboxPrefix: options.inboxPrefix,
      timeout: HANDSHAKE_MS,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => backoffMs(Date.now() - (awaySinceMs ??= Date.now())),
      ignoreAuthErrorAbort: true,
      // A stack trace per request costs more than the request.
      noAsyncTraces: true,
      pingInterval: 10_000,
      maxPingOut: 2,
      ...(creds ? { authenticator: credsAuthenticator(creds) } : {}),
    });
    const broker = new BrokerConnection(nc, options.inboxPrefix);
    broker.onReconnect(() => (awaySinceMs = undefined));
    return broker;
  }

  /** Whether the connection is up right now. */
  get isConnected(): boolean {
    return this.connected && !this.nc.isClosed();
  }

  /** Since when the connection is up without a break, in milliseconds since 1970, this machine's clock. */
  get upSinceMs(): number {
    return this.connectedSinceMs;
  }

  /** Calls `listener` after each reconnect; returns the function that stops it. */
  onReconnect(listener: () => void): () => void {
    this.reconnected.add(listener);
    return () => this.reconnected.delete(listener);
  }

  /** Sends what is buffered, then closes. */
  async close(): Promise<void> {
    if (this.nc.isClosed()) return;
    if (this.connected) await this.nc.drain();
    else await this.nc.close();
  }

  private async watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect') this.lost();
      else if (status.type === 'reconnect') this.found();
      else if (status.type === 'error') BrokerConnection.logger.error(`The broker reports: ${status.error.message}`);
    }
  }

  private lost(): void {
    this.connected = false;
    connectedGauge.set(0);
    BrokerConnection.logger.warn('Lost the broker; reconnecting.');
  }

  private found(): void {
    this.connected = true;
    this.connectedSinceMs = Date.now();
    connectedGauge.set(1);
    BrokerConnection.logger.log('Connected to the broker again.');
    for (const listener of this.reconnected) listener();
  }
}

/** Grows with the outage itself: the client asks for a delay more than once per attempt, so attempts cannot be counted. */
function backoffMs(awayMs: number): number {
  const delayMs = Math.min(RECONNECT_MAX_MS, Math.max(RECONNECT_FIRST_MS, awayMs / 4));
  return delayMs * (0.75 + Math.random() / 4);
}

const connectedGauge = new Gauge({
  name: 'muster_broker_connected',
  help: '1 while the connection to the broker is up',
  registers: [register],
});
connectedGauge.set(1);
