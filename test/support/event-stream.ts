import { createParser } from 'eventsource-parser';
import { WebSocket } from 'ws';
import { waitFor } from './wait.js';

/** One event as an orchestrator got it. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: any;
}

const NOTICES = ['connected', 'ping', 'resync_required'];

/** What an orchestrator received, over one connection or over several that follow each other. */
export class Received {
  readonly events: StreamEvent[] = [];

  take(event: StreamEvent): void {
    this.events.push(event);
  }

  /** Events that have a place of their own in the stream. */
  get durable(): StreamEvent[] {
    return this.events.filter(({ event }) => !NOTICES.includes(event));
  }

  get ids(): string[] {
    return this.durable.map(({ id }) => id ?? '');
  }

  get lastId(): string | undefined {
    return this.events.at(-1)?.id;
  }

  named(name: string): StreamEvent[] {
    return this.events.filter(({ event }) => event === name);
  }

  /** Waits until so many durable events came. */
  async until(count: number, timeoutMs?: number): Promise<StreamEvent[]> {
    await waitFor(() => this.durable.length >= count, timeoutMs);
    return this.durable;
  }

  next(name: string, nth = 1): Promise<StreamEvent> {
    return waitFor(() => this.named(name)[nth - 1]);
  }
}

export interface SseOptions {
  readonly token: string;
  readonly lastEventId?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly query?: string;
  /** Goes on with what came over a connection before. */
  readonly into?: Received;
}

const PATH = '/api/orchestrators/events';

/** An orchestrator on Server-Sent Events, read with a standard parser. */
export class SseClient {
  readonly received: Received;
  private readonly controller = new AbortController();
  private over = false;
  /** How the stream ended; undefined while it is open. */
  failure: unknown;

  private constructor(
    readonly response: Response,
    received: Received,
    controller: AbortController,
  ) {
    this.received = received;
    this.controller = controller;
  }

  /** Connects. @throws Error when refused. */
  static async open(url: string, { token, lastEventId, headers, query = '', into }: SseOptions): Promise<SseClient> {
    const controller = new AbortController();
    const response = await fetch(url + PATH + query, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        ...headers,
      },
      signal: controller.signal,
    });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const client = new SseClient(response, into ?? new Received(), controller);
    void client.read();
    return client;
  }

  get isOver(): boolean {
    return this.over;
  }

  close(): void {
    this.controller.abort();
  }

  private async read(): Promise<void> {
    const parser = createParser({
      onEvent: ({ event, id, data }) => this.received.take({ event: event ?? '', id, data: JSON.parse(data) }),
    });
    try {
      const decoder = new TextDecoder();
      for await (const chunk of this.response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      this.failure = error;
    } finally {
      this.over = true;
    }
  }
}

export interface WsOptions {
  readonly token?: string | undefined;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly into?: Received;
}

/** An orchestrator on the WebSocket. */
export class WsClient {
  /** Answers and errors: whatever is no event. */
  readonly said: any[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(
    readonly socket: WebSocket,
    readonly received: Received,
  ) {
    socket.on('message', (data: Buffer) => this.hear(JSON.parse(data.toString())));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  /** Connects. @throws Error with the answer's status and body when refused. */
  static open(url: string, { token, query = '', headers = {}, into }: WsOptions): Promise<WsClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/orchestrators/ws${query}`, {
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    });
    const client = new WsClient(socket, into ?? new Received());
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)));
      });
    });
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  close(): void {
    this.socket.close();
  }

  private hear(frame: any): void {
    if (frame.type === 'event') this.received.take({ event: frame.event, id: frame.id, data: frame.data });
    else this.said.push(frame);
  }
}
