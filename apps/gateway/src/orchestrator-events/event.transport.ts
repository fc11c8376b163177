import type { MusterError } from '#libs/contracts';
import type { OutgoingEvent } from './outgoing.event.js';

export type EventProtocol = 'sse' | 'websocket' | 'grpc';

/** One client's connection, in whatever protocol. */
export interface EventTransport {
  readonly protocol: EventProtocol;
  /** Bytes that were handed over and that the network has not taken. */
  readonly bufferedBytes: number;
  /** Hands an event over at once. */
  send(event: OutgoingEvent): void;
  /** Ends it after what was handed over, so that the client comes back; an error says why it should not as it is. */
  end(error?: MusterError): void;
  /** Cuts it off, with whatever waits. */
  abort(): void;
  /** Calls once when the connection is over, whoever ended it. */
  onClose(listener: () => void): void;
}

const POLL_MS = 20;

/** Resolves when at most `limitBytes` wait; false when they still do after `patienceMs`. */
export async function drained(transport: EventTransport, limitBytes: number, patienceMs: number): Promise<boolean> {
  for (const untilMs = Date.now() + patienceMs; transport.bufferedBytes > limitBytes;) {
    if (Date.now() >= untilMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS).unref());
  }
  return true;
}
