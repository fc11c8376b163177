import type { WebSocket } from 'ws';
import { type MusterError, toErrorBody } from '#libs/contracts';
import type { EventTransport } from './event.transport.js';
import type { OutgoingEvent } from './outgoing.event.js';

/** RFC 6455 7.4.1 and its registry: the client may come back at once, or must not as it is. */
const SERVICE_RESTART = 1012;
const POLICY_VIOLATION = 1008;
const MAX_REASON_BYTES = 123;

/** Frames of appendix B on a WebSocket. */
export class WebSocketTransport implements EventTransport {
  readonly protocol = 'websocket';

  constructor(
    private readonly socket: WebSocket,
    /** Named in errors, and in the log. */
    private readonly requestId: string,
  ) {
    socket.on('error', () => socket.terminate());
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(event: OutgoingEvent): void {
    this.write(event.frame);
  }

  /** Answers a message of the client. */
  answer(frame: object): void {
    this.write(JSON.stringify(frame));
  }

  /** Answers a message that cannot be taken. */
  refuse(error: MusterError): void {
    this.answer({ type: 'error', ...toErrorBody(error, this.requestId) });
  }

  end(error?: MusterError): void {
    if (!error) {
      this.socket.close(SERVICE_RESTART);
      return;
    }
    this.refuse(error);
    const code = error.status < 500 ? POLICY_VIOLATION : SERVICE_RESTART;
    this.socket.close(code, error.code.slice(0, MAX_REASON_BYTES));
  }

  abort(): void {
    this.socket.terminate();
  }

  onClose(listener: () => void): void {
    this.socket.once('close', listener);
  }

  private write(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
  }
}
