import type { ServerWritableStream } from '@grpc/grpc-js';
import { MusterError, toErrorBody } from '#libs/contracts';
import type { EventTransport } from '../orchestrator-events/event.transport.js';
import type { OutgoingEvent } from '../orchestrator-events/outgoing.event.js';
import { toStatus } from './grpc.status.js';

/** Of a message beside its payload, about. */
const OVERHEAD_BYTES = 64;

/** Messages of a gRPC server stream. */
export class GrpcTransport implements EventTransport {
  readonly protocol = 'grpc';
  private pendingBytes = 0;
  private isOver = false;

  constructor(
    private readonly call: ServerWritableStream<object, object>,
    private readonly requestId: string,
  ) {
    this.onClose(() => (this.isOver = true));
  }

  get bufferedBytes(): number {
    return this.pendingBytes;
  }

  send({ id, event: type, payload, storedAtMs }: OutgoingEvent): void {
    if (this.isOver) return;
    const sizeBytes = payload.length + OVERHEAD_BYTES;
    this.pendingBytes += sizeBytes;
    // Called when the flow control of HTTP/2 has let it go.
    this.call.write({ id, type, payload, timestamp: toTimestamp(storedAtMs) }, () => (this.pendingBytes -= sizeBytes));
  }

  /** What was handed over goes out first. UNAVAILABLE is what clients answer by connecting again. */
  end(error = new MusterError('SERVICE_UNAVAILABLE', 'The stream is over; connect again with the last id.')): void {
    if (this.isOver) return;
    this.isOver = true;
    this.call.emit('error', toStatus(error, toErrorBody(error, this.requestId)));
  }

  /** A status cannot overtake what waits: who reads on gets both, who does not is found by the keep-alive. */
  abort(): void {
    this.end();
  }

  onClose(listener: () => void): void {
    let isCalled = false;
    const once = (): void => {
      if (!isCalled) listener();
      isCalled = true;
    };
    for (const name of ['cancelled', 'finish', 'error', 'close']) this.call.once(name, once);
  }
}

function toTimestamp(atMs: number): object {
  const seconds = Math.floor(atMs / 1000);
  return { seconds, nanos: (atMs - seconds * 1000) * 1_000_000 };
}
