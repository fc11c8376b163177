import { Worker } from 'node:worker_threads';
import { waitFor } from '../support/wait.js';
import type { SocketsProgress, SocketsTask } from './sockets.worker.js';

/** Many Socket.IO clients in a thread of their own, so that counting does not slow the sender. */
export class Sockets {
  received = 0;
  tooSlow = 0;
  readonly latenciesMs: number[] = [];

  private constructor(private readonly worker: Worker) {
    worker.on('message', (message: SocketsProgress | 'ready' | 'too_slow') => {
      if (message === 'too_slow') this.tooSlow++;
      else if (message !== 'ready') {
        this.received = message.received;
        this.latenciesMs.push(...message.latenciesMs);
      }
    });
  }

  /** Connects and joins; resolves when every socket is in its group. */
  static async open(task: SocketsTask): Promise<Sockets> {
    const worker = new Worker(new URL('./sockets.worker.js', import.meta.url), { workerData: task });
    const sockets = new Sockets(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message) => message === 'ready' && resolve());
      worker.once('error', reject);
    });
    return sockets;
  }

  /** Waits until all sockets together received `count` events. */
  async until(count: number): Promise<void> {
    await waitFor(() => this.received >= count, 120_000);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/**
 * Sends `total` messages to `audience` sockets, never more than `ahead` before the audience, and answers the deliveries per
 * second over all sockets.
 */
export async function deliveriesPerSecond(
  sockets: Sockets,
  options: { total: number; audience: number; ahead: number },
  send: (n: number) => void,
): Promise<number> {
  const { total, audience, ahead } = options;
  const base = sockets.received;
  const startedAt = performance.now();
  for (let sent = 0; sent < total;) {
    const seen = (sockets.received - base) / audience;
    while (sent < total && sent - seen < ahead) send(sent++);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sockets.until(base + total * audience);
  return (total * audience) / ((performance.now() - startedAt) / 1_000);
}
