import { io, type Socket } from 'socket.io-client';
import { HUB_NAMESPACE, HUB_NOTICES, MALL_EVENTS, ROBOT_EVENTS, STREAM_EVENTS } from '#libs/contracts';
import { waitFor } from './wait.js';

/** One event as a browser got it. */
export interface HubEvent {
  readonly name: string;
  readonly payload: Record<string, any>;
  readonly meta: { readonly group?: string } | undefined;
}

export interface JoinAnswer {
  readonly ok: boolean;
  readonly eventId?: string;
  readonly error?: { code: string; message: string };
}

const NAMES = [
  ...Object.values(ROBOT_EVENTS).map(({ hub }) => hub),
  ...Object.values(MALL_EVENTS).map(({ hub }) => hub),
  ...Object.values(STREAM_EVENTS),
  ...Object.values(HUB_NOTICES),
];

/** A browser: a Socket.IO client that remembers every event in order. */
export class HubClient {
  readonly events: HubEvent[] = [];

  private constructor(readonly socket: Socket) {
    for (const name of NAMES) {
      socket.on(name, (payload: Record<string, any>, meta?: HubEvent['meta']) =>
        this.events.push({ name, payload, meta }),
      );
    }
  }

  /** Connects to the hub of a gateway. @throws Error when the handshake is refused. */
  static async open(url: string, token?: string, namespace: string = HUB_NAMESPACE): Promise<HubClient> {
    const socket = io(url + namespace, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const client = new HubClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        socket.close();
        reject(error);
      });
    });
    return client;
  }

  /** Says something and waits for the acknowledgement. */
  async say<T = JoinAnswer>(message: string, body?: unknown): Promise<T> {
    return (await this.socket.timeout(10_000).emitWithAck(message, body)) as T;
  }

  join(group: string, more: Record<string, unknown> = {}): Promise<JoinAnswer> {
    return this.say('join', { group, ...more });
  }

  /** Events of one name so far. */
  named(name: string): HubEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  /** Waits for the first event of that name that fits. */
  async next(name: string, fits: (payload: Record<string, any>) => boolean = () => true): Promise<HubEvent> {
    return waitFor(() => this.named(name).find(({ payload }) => fits(payload)));
  }

  /** The id of the newest event: what a client sends to go on. */
  get lastEventId(): string {
    return this.events.at(-1)?.payload['eventId'] as string;
  }

  close(): void {
    this.socket.close();
  }
}
