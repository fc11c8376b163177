import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { corsFor } from './engine.cors.js';

async function headersFor(allowed: readonly string[], origin: string, method = 'GET') {
  const cors = corsFor(allowed);
  const server = createServer((request, response) => cors(request, response, () => response.end('polled')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { status, headers } = await fetch(`http://127.0.0.1:${port}/`, { method, headers: { origin } });
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { status, allowed: headers.get('access-control-allow-origin') };
}

it('lets the pages of an allowed origin poll, and no others', async () => {
  const fleet = 'https://fleet.example.com';
  expect(await headersFor([fleet], fleet)).toEqual({ status: 200, allowed: fleet });
  expect(await headersFor([fleet], 'https://evil.example.com')).toEqual({ status: 200, allowed: null });
  expect(await headersFor(['*'], fleet)).toEqual({ status: 200, allowed: '*' });
  expect(await headersFor([], fleet, 'OPTIONS')).toEqual({ status: 204, allowed: null });
});
