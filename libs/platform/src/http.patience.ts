import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that sends nothing for this long has gone. */
const UPLOAD_IDLE_MS = 30_000;

/** Connections on which a request may take longer than others; Node would end them with ERR_HTTP_REQUEST_TIMEOUT. */
const patient = new WeakSet<Duplex>();

/**
 * Lets a request, such as a large upload, take its time as long as something comes; one of which nothing comes for 30 s is
 * destroyed. Returns what ends it.
 */
export function readPatiently(request: IncomingMessage): () => void {
  const { socket } = request;
  const usualTimeout = socket.timeout ?? 0;
  patient.add(socket);
  request.setTimeout(UPLOAD_IDLE_MS, () => request.destroy());
  return () => {
    patient.delete(socket);
    socket.setTimeout(usualTimeout);
  };
}

/** Whether a connection is such a one now. */
export function isPatient(socket: Duplex): boolean {
  return patient.has(socket);
}
