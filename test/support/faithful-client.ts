import { setTimeout as delay } from 'node:timers/promises';
import { Received, SseClient, WsClient } from './event-stream.js';

const PAUSE_MS = 50;

/** An orchestrator that comes back with its last id whenever its stream ends, to any of the gateways. */
export class FaithfulClient {
  readonly received = new Received();
  connections = 0;
  private stopped = false;
  private current: { close(): void } | undefined;
  private readonly running: Promise<void>;

  constructor(
    private readonly token: string,
    private readonly protocol: 'sse' | 'websocket',
    /** Where to connect next. */
    private readonly nextUrl: () => string,
  ) {
    this.running = this.run();
  }

  /** Cuts its own connection, as a bad network does. */
  drop(): void {
    this.current?.close();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.drop();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.connectOnce().catch(() => undefined);
      if (!this.stopped) await delay(PAUSE_MS);
    }
  }

  private async connectOnce(): Promise<void> {
    const { lastId } = this.received;
    const into = this.received;
    const isOver = this.protocol === 'sse' ? await this.openSse(lastId, into) : await this.openWs(lastId, into);
    this.connections++;
    if (this.stopped) this.drop();
    while (!isOver()) await delay(PAUSE_MS / 2);
  }

  private async openSse(lastEventId: string | undefined, into: Received): Promise<() => boolean> {
    const client = await SseClient.open(this.nextUrl(), { token: this.token, lastEventId, into });
    this.current = client;
    return () => client.isOver;
  }

  private async openWs(lastId: string | undefined, into: Received): Promise<() => boolean> {
    const query = lastId === undefined ? '' : `?last_event_id=${lastId}`;
    const client = await WsClient.open(this.nextUrl(), { token: this.token, query, into });
    this.current = client;
    return () => client.closed !== undefined;
  }
}
