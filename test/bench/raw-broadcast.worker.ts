import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';
import { Server } from 'socket.io';

/** A bare Socket.IO server: it broadcasts what it is told, with nothing else in the way. */
const http = createServer();
const io = new Server(http, { perMessageDeflate: false, transports: ['websocket'] });
parentPort?.on('message', ({ event, payload }: { event: string; payload: unknown }) => io.emit(event, payload));
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (typeof address === 'object' && address !== null) parentPort?.postMessage(address.port);
});
