import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { EventTransport } from './event.transport.js';
import type { OutgoingEvent } from './outgoing.event.js';

/** What a client waits before it comes back (orchestrators.txt 7.1), milliseconds. */
const RETRY_MS = 5_000;
/** After this long without traffic the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 30_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-store, no-transform',
  // nginx would collect events until its buffer is full.
  'x-accel-buffering': 'no',
};

/** `text/event-stream` on an answer that Fastify has let go of. */
export class SseTransport implements EventTransport {
  readonly protocol = 'sse';

  private constructor(private readonly raw: ServerResponse) {
    raw.on('error', () => raw.destroy());
    // Whoever cut it: Fastify's hooks run when an answer is finished, and this one never was.
    raw.once('close', () => raw.end());
  }

  /** Sends the headers that the hooks have set, and takes the answer over. */
  static start(reply: FastifyReply): SseTransport {
    reply.hijack();
    const { raw } = reply;
    raw.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
    const kept = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    raw.writeHead(200, { ...Object.fromEntries(kept), ...HEADERS });
    raw.write(`retry: ${RETRY_MS}\n`);
    return new SseTransport(raw);
  }

  get bufferedBytes(): number {
    return this.raw.writableLength;
  }

  send(event: OutgoingEvent): void {
    if (!this.raw.destroyed) this.raw.write(event.sse);
  }

  /**
   * What was handed over still goes out, but not the chunk that would complete the answer: some clients (navign's guide) take
   * a complete answer for the end of all events and would not come back.
   */
  end(): void {
    if (this.raw.socket) this.raw.socket.end();
    else this.raw.destroy();
  }

  abort(): void {
    this.raw.destroy();
  }

  onClose(listener: () => void): void {
    this.raw.once('close', listener);
  }
}
