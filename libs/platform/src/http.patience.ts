import type { Duplex } from 'node:stream';

/** Connections on which a request may take longer than others; Node would end them with ERR_HTTP_REQUEST_TIMEOUT. */
const patient = new WeakSet<Duplex>();

/**
 * Lets the present request of a connection take as long as it needs, such as a large upload; whoever asks for it watches that
 * something comes. Returns what ends it.
 */
export function withoutRequestTimeout(socket: Duplex): () => void {
  patient.add(socket);
  return () => void patient.delete(socket);
}

/** Whether a connection is such a one now. */
export function isPatient(socket: Duplex): boolean {
  return patient.has(socket);
}
