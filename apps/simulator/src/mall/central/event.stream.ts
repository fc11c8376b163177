import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { HTTP_HEADERS, ORCHESTRATOR_NOTICES, ROUTES } from '#libs/contracts';
import type { Clock, StopTimer } from '../../clock.js';
import { type Log, reasonOf } from '../../log.js';
import { waitFor } from '../../waiting.js';
import type { SealedFiles } from '../store/sealed.file.js';
import { reconnectDelayMs } from './backoff.js';
import type { Identity } from './central.client.js';

/** One event as it came. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventStreamOptions {
  readonly url: string;
  readonly identity: () => Identity;
  readonly files: SealedFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Takes one event at a time; what it throws is logged, and the next event comes. */
  readonly handle: (event: ReceivedEvent) => Promise<void>;
  /** The stream was refused for the token that was shown. */
  readonly refused: () => Promise<void>;
}

/** Where the orchestrator stands in the stream, over restarts. */
interface Place {
  readonly connectionId?: string | undefined;
  readonly lastEventId?: string | undefined;
}

/** Without any event for this long the connection is given up (orchestrators.txt 7.1). */
export const WATCHDOG_MS = 90_000;
const UNAUTHORIZED = 401;
const FILE = 'stream';

/** The orchestrator's end of the event stream: reconnects with back-off from the last event that it has dealt with. */
export class EventStream {
  private place: Place;
  private failures = 0;
  private connectedSinceMs: number | undefined;
  private connectedForMs = 0;

  constructor(private readonly options: EventStreamOptions) {
    this.place = readPlace(options.files.read(FILE));
  }

  get lastEventId(): string | undefined {
    return this.place.lastEventId;
  }

  get connectionId(): string | undefined {
    return this.place.connectionId;
  }

  get isConnected(): boolean {
    return this.connectedSinceMs !== undefined;
  }

  /** How long the stream was up so far, milliseconds. */
  get uptimeMs(): number {
    const sinceMs = this.connectedSinceMs;
    return this.connectedForMs + (sinceMs === undefined ? 0 : this.options.clock.nowMs() - sinceMs);
  }

  /** Reads events until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.options;
    while (!signal.aborted) {
      try {
        await this.connect();
      } catch (error) {
        if (!signal.aborted) log.warn('event_stream_lost', { message: reasonOf(error) });
      }
      this.disconnected();
      await waitFor(clock, reconnectDelayMs(this.failures++), signal);
    }
  }

  private async connect(): Promise<void> {
    const { signal } = this.options;
    const connection = new AbortController();
    const watchdog = new Watchdog(this.options.clock, () => connection.abort(new Error('nothing came for 90 seconds')));
    try {
      const response = await this.open(AbortSignal.any([signal, connection.signal]));
      await this.read(response, watchdog);
    } finally {
      watchdog.stop();
      connection.abort();
    }
  }

  private async open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { url, identity, refused } = this.options;
    const { token, entityId, assignedId } = identity();
    const response = await fetch(new URL(ROUTES.orchestratorsEvents.path, url), {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        [HTTP_HEADERS.entityId]: entityId,
        [HTTP_HEADERS.orchestratorId]: assignedId,
        ...(this.place.lastEventId === undefined ? {} : { [HTTP_HEADERS.lastEventId]: this.place.lastEventId }),
      },
      signal,
    });
    if (response.status === UNAUTHORIZED) await refused();
    if (!response.ok || !response.body) throw new Error(`the stream was refused with ${response.status}`);
    return response.body;
  }

  private async read(body: ReadableStream<Uint8Array>, watchdog: Watchdog): Promise<void> {
    const arrived: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => arrived.push(event) });
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      watchdog.feed();
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const event of arrived.splice(0)) await this.take(event);
    }
  }

  /** The place moves on once the event is dealt with: a crash before that brings it again. */
  private async take({ event: name = 'message', id, data }: EventSourceMessage): Promise<void> {
    const received = { id, name, data: readObject(data) };
    if (name === ORCHESTRATOR_NOTICES.connected) this.connected(received);
    try {
      await this.options.handle(received);
    } catch (error) {
      this.options.log.error('event_failed', { event_name: name, event_id: id, message: reasonOf(error) });
    }
    if (id !== undefined && id !== '') this.keep({ ...this.place, lastEventId: id });
  }

  private connected({ data }: ReceivedEvent): void {
    this.failures = 0;
    this.connectedSinceMs = this.options.clock.nowMs();
    this.keep({ ...this.place, connectionId: String(data['connection_id']) });
  }

  private disconnected(): void {
    this.connectedForMs = this.uptimeMs;
    this.connectedSinceMs = undefined;
  }

  private keep(place: Place): void {
    if (place.lastEventId === this.place.lastEventId && place.connectionId === this.place.connectionId) return;
    this.place = place;
    this.options.files.write(FILE, place);
  }
}

/** Calls when it was not fed for long enough. */
class Watchdog {
  private stopTimer: StopTimer = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly bark: () => void,
  ) {
    this.feed();
  }

  feed(): void {
    this.stopTimer();
    this.stopTimer = this.clock.after(WATCHDOG_MS, this.bark);
  }

  stop(): void {
    this.stopTimer();
  }
}

function readPlace(kept: unknown): Place {
  const fields = new Map<string, unknown>(Object.entries(kept ?? {}));
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  return { connectionId: text('connectionId'), lastEventId: text('lastEventId') };
}

function readObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
