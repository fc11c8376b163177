import { createServer, type Server } from 'node:net';
import { type OpenTestBroker, startOpenTestBroker } from '../../../test/support/broker.js';
import { waitFor } from '../../../test/support/wait.js';
import { BrokerConnection } from './connection.js';

const ATTEMPTS = 12;

describe('a connection whose broker is away', () => {
  let broker: OpenTestBroker;
  let connection: BrokerConnection;

  beforeAll(async () => {
    broker = await startOpenTestBroker();
    connection = await BrokerConnection.open({ url: broker.url, name: 'away', inboxPrefix: '_INBOX_away' });
  });

  afterAll(async () => {
    await connection.close();
    await broker.stop();
  });

  /** Somebody at the broker's address who hangs up at once, and notes when he was called. */
  async function hangUp(calledAtMs: number[]): Promise<Server> {
    const server = createServer((socket) => {
      calledAtMs.push(performance.now());
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(broker.port, '127.0.0.1', resolve));
    return server;
  }

  it('ROB-076 does not wait long for a broker that hung up before it let it in', async () => {
    const greeting = `INFO ${JSON.stringify({ server_id: 'S', version: '2.9.0', proto: 1, max_payload: 1_048_576 })}\r\n`;
    const calledAtMs: number[] = [];
    await broker.kill();
    const rude = createServer((socket) => {
      calledAtMs.push(performance.now());
      socket.write(greeting, () => socket.destroy());
    });
    await new Promise<void>((resolve) => rude.listen(broker.port, '127.0.0.1', resolve));
    await waitFor(() => calledAtMs.length > 0);
    await new Promise((resolve) => rude.close(resolve));
    await broker.restart();
    await waitFor(() => connection.isConnected);
  });

  it('ROB-076 tries again with growing delays, and is there when the broker is', async () => {
    const calledAtMs: number[] = [];
    await broker.kill();
    const nobody = await hangUp(calledAtMs);
    await waitFor(() => calledAtMs.length >= ATTEMPTS);
    await new Promise((resolve) => nobody.close(resolve));
    const gapsMs = calledAtMs.slice(1).map((at, i) => at - calledAtMs[i]!);
    const [early = 0, late = 0] = [gapsMs[0], gapsMs[ATTEMPTS - 2]];
    expect(late).toBeGreaterThan(2 * early);
    expect(connection.isConnected).toBe(false);
    await broker.restart();
    await waitFor(() => connection.isConnected);
  });
});
