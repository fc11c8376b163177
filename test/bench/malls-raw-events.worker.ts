import { createServer, type ServerResponse } from 'node:http';

/** A bare server of Server-Sent Events: it writes the text it is told to whoever is connected. */
const listeners: ServerResponse[] = [];
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  response.write('event: connected\ndata: {}\n\n');
  listeners.push(response);
});
process.on('message', (text: string) => {
  const bytes = Buffer.from(text);
  for (const listener of listeners) listener.write(bytes);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.(address.port);
});
