import { connect } from 'node:net';

/** Which streams a process of readers holds: one connection per token. */
export interface AudienceTask {
  readonly port: number;
  readonly path: string;
  readonly tokens: readonly string[];
}

/** When the last byte of an event was read, and of which round the event was; sent for many at a time. */
export interface AudienceProgress {
  readonly received: readonly (readonly [round: number, atMs: number])[];
}

const REPORT_MS = 20;
const OPENING_AT_ONCE = 50;
/** The version that a round's event names. */
const ROUND = /"version":"9\.0\.(\d+)"/;
const END_OF_EVENT = '\n\n';

const now = (): number => performance.timeOrigin + performance.now();

let received: (readonly [number, number])[] = [];

/** Reads Server-Sent Events with as little as possible of its own, so that the server is what is measured. */
function open({ port, path }: AudienceTask, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\nauthorization: Bearer ${token}\r\n\r\n`,
      );
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const end = text.lastIndexOf(END_OF_EVENT);
      if (end < 0) return;
      if (text.includes('event: connected')) resolve();
      const round = ROUND.exec(text)?.[1];
      if (round !== undefined) received.push([Number(round), now()]);
      text = text.slice(end + END_OF_EVENT.length);
    });
    socket.once('error', reject).once('close', () => reject(new Error(`closed: ${text.slice(0, 300)}`)));
  });
}

async function main(task: AudienceTask): Promise<void> {
  const waiting = [...task.tokens];
  const openSome = async (): Promise<void> => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) await open(task, token);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome));
  process.send?.('ready');
  setInterval(() => {
    if (received.length === 0) return;
    const progress: AudienceProgress = { received };
    received = [];
    process.send?.(progress);
  }, REPORT_MS);
}

process.once('message', (task: AudienceTask) => void main(task));
