import { parentPort, workerData } from 'node:worker_threads';
import { io, type Socket } from 'socket.io-client';

/** What the worker shall connect, and which event it counts. */
export interface SocketsTask {
  readonly url: string;
  readonly token: string;
  readonly event: string;
  /** Group of each socket; one socket per entry, empty for a raw server without groups. */
  readonly groups: readonly string[];
}

/** Sent after every event: how many each socket has on average, and how long the newest took. */
export interface SocketsProgress {
  readonly received: number;
  readonly latenciesMs: readonly number[];
}

const REPORT_MS = 5;

const now = (): number => performance.timeOrigin + performance.now();

async function main({ url, token, event, groups }: SocketsTask): Promise<void> {
  let received = 0;
  let latenciesMs: number[] = [];
  const sockets = await Promise.all(groups.map((group) => connect(url, token, group)));
  for (const socket of sockets) {
    socket.on(event, (message: { payload?: { sentMs?: number } }) => {
      received++;
      const sentMs = message.payload?.sentMs;
      if (sentMs !== undefined) latenciesMs.push(now() - sentMs);
    });
    socket.on('too_slow', () => parentPort?.postMessage('too_slow'));
  }
  parentPort?.postMessage('ready');
  setInterval(() => {
    const progress: SocketsProgress = { received, latenciesMs };
    latenciesMs = [];
    parentPort?.postMessage(progress);
  }, REPORT_MS);
}

async function connect(url: string, token: string, group: string): Promise<Socket> {
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  if (group !== '') {
    const answer: { ok: boolean; error?: unknown } = await socket.timeout(10_000).emitWithAck('join', { group });
    if (!answer.ok) throw new Error(`join ${group}: ${JSON.stringify(answer.error)}`);
  }
  return socket;
}

void main(workerData as SocketsTask);
