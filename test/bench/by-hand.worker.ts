import { once } from 'node:events';
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';

/** Where the servers are. */
export interface ByHandTask {
  readonly natsUrl: string;
  readonly databaseUrl: string;
}

/**
 * The same hops with nothing of Muster: an HTTP server that inserts a row and publishes to JetStream, a consumer that takes
 * the robot's answer and updates the row. No accounts, no checks, no timeline, no events.
 */
async function main({ natsUrl, databaseUrl }: ByHandTask): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query('CREATE TABLE by_hand (id uuid PRIMARY KEY, robot text, payload jsonb, status text)');
  const nc = await connect({ servers: natsUrl });
  const js = jetstream(nc);
  const manager = await jetstreamManager(nc);
  await manager.streams.add({ name: 'HAND_COMMANDS', subjects: ['hand.cmd.*'] });
  await manager.streams.add({ name: 'HAND_ACKS', subjects: ['hand.ack.*'] });
  await manager.consumers.add('HAND_ACKS', { durable_name: 'acks', ack_policy: AckPolicy.Explicit });
  let finished = 0;
  await (
    await js.consumers.get('HAND_ACKS', 'acks')
  ).consume({
    callback: (message) => {
      const { id } = message.json<{ id: string }>();
      void pool.query(`UPDATE by_hand SET status = 'COMPLETED' WHERE id = $1`, [id]).then(() => {
        message.ack();
        parentPort?.postMessage({ finished: ++finished });
      });
    },
  });
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const id = crypto.randomUUID();
        const robot = request.url?.split('/')[1] ?? '';
        const body = Buffer.concat(parts).toString();
        void (async () => {
          await pool.query(`INSERT INTO by_hand VALUES ($1, $2, $3, 'REQUESTED')`, [id, robot, body]);
          response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ commandId: id }));
          await js.publish(`hand.cmd.${robot}`, JSON.stringify({ id, payload: body }));
        })();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'object' && address !== null) parentPort?.postMessage({ port: address.port });
}

void main(workerData as ByHandTask);
