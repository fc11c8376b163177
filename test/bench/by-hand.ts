import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Worker } from 'node:worker_threads';
import { startOpenTestBroker } from '../support/broker.js';
import { waitFor } from '../support/wait.js';

/** What the hand-made server of `by-hand.worker.ts` offers. */
export interface ByHand {
  readonly url: string;
  /** Resolves when `count` commands were carried out. */
  finished(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with robots that answer at once, each with its own durable, on a broker of its own. */
export async function startByHand(databaseUrl: string, robots: number): Promise<ByHand> {
  const server = await startOpenTestBroker();
  const worker = new Worker(new URL('./by-hand.worker.js', import.meta.url), {
    workerData: { natsUrl: server.url, databaseUrl },
  });
  let port = 0;
  let done = 0;
  worker.on('message', (message: { port?: number; finished?: number }) => {
    port = message.port ?? port;
    done = message.finished ?? done;
  });
  await waitFor(() => port > 0);
  const nc = await connect({ servers: server.url });
  const manager = await jetstreamManager(nc);
  const js = jetstream(nc);
  for (let n = 0; n < robots; n++) {
    await manager.consumers.add('HAND_COMMANDS', {
      durable_name: `r${n}`,
      filter_subject: `hand.cmd.r${n}`,
      ack_policy: AckPolicy.Explicit,
    });
    await (
      await js.consumers.get('HAND_COMMANDS', `r${n}`)
    ).consume({
      callback: (message) => {
        message.ack();
        void js.publish(`hand.ack.r${n}`, message.data);
      },
    });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    finished: async (count) => void (await waitFor(() => done >= count, 60_000)),
    stop: async () => {
      await nc.close();
      await worker.terminate();
      await server.stop();
    },
  };
}
