import type { HubClient } from './hub.types.js';

const POLL_MS = 20;
const GIVE_UP_MS = 30_000;

/** Bytes that were sent to a socket and that its client has not read yet, as far as this process holds them. */
export function backlogBytes({ conn }: HubClient): number {
  return queuedBytes(conn) + networkBytes(conn.transport);
}

/**
 * Resolves when at most `limitBytes` wait for the socket, when it has gone, or when its client reads nothing for half a
 * minute.
 */
export async function whenBelow(socket: HubClient, limitBytes: number): Promise<void> {
  const untilMs = Date.now() + GIVE_UP_MS;
  while (socket.connected && backlogBytes(socket) > limitBytes && Date.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS).unref());
  }
}

/** What engine.io keeps until the transport has taken the batch before. */
function queuedBytes(conn: object): number {
  const queue: unknown = Reflect.get(conn, 'writeBuffer');
  if (!Array.isArray(queue)) return 0;
  return queue.reduce((sum: number, packet: unknown) => sum + sizeOf(packet), 0);
}

function sizeOf(packet: unknown): number {
  if (typeof packet !== 'object' || packet === null || !('data' in packet)) return 0;
  const { data } = packet;
  if (typeof data === 'string') return data.length;
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}

/** What `ws` keeps because the network takes no more; a polling transport keeps nothing. */
function networkBytes(transport: object): number {
  const socket: unknown = Reflect.get(transport, 'socket');
  if (typeof socket !== 'object' || socket === null || !('bufferedAmount' in socket)) return 0;
  return typeof socket.bufferedAmount === 'number' ? socket.bufferedAmount : 0;
}
