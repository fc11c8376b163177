import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { createHttpAdapter } from './http.server.js';
import { PlatformConfig } from './platform.config.js';
import { ServerTls } from './tls/server.tls.js';

const CHUNK = Buffer.alloc(64 * 1024);

it('drops a client that asks for much and reads nothing', async () => {
  const config = new PlatformConfig('spec', { DATABASE_URL: 'postgres://localhost/none', HTTP_IDLE_TIMEOUT_MS: '200' });
  const adapter = createHttpAdapter(config, ServerTls.none());
  const endless = new Readable({ read: () => endless.push(CHUNK) });
  adapter.get('/endless', (_request: unknown, reply: FastifyReply) => void reply.send(endless));
  await adapter.getInstance().listen({ port: 0, host: '127.0.0.1' });
  const client = connect((adapter.getHttpServer().address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => undefined);
  client.write('GET /endless HTTP/1.1\r\nhost: spec\r\n\r\n');
  await once(endless, 'close');
  expect(endless.readableEnded).toBe(false);
  client.destroy();
  await adapter.close();
});
