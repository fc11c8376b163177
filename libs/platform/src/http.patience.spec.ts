import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParserError } from './http.errors.js';
import { readPatiently } from './http.patience.js';

/** A server that gives a request 100 ms and looks for late ones every 20 ms. */
async function startServer(isPatient: boolean): Promise<Server> {
  const options = { requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 };
  const server = createServer(options, (incoming, answer) => {
    const restore = isPatient ? readPatiently(incoming) : () => undefined;
    incoming.resume().on('end', () => {
      restore();
      answer.end('done');
    });
  });
  server.on('clientError', answerParserError);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Sends a body of which the second half comes once the server has looked for late requests several times. */
function sendSlowly(server: Server): Promise<number> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': 2 } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sending.on('error', reject);
    sending.write('a');
    setTimeout(() => sending.end('b'), 400);
  });
}

it.each([
  [true, 200],
  [false, 408],
])('a slow request of a connection that is patient (%s) is answered %i', async (isPatient, status) => {
  const server = await startServer(isPatient);
  expect(await sendSlowly(server)).toBe(status);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
