import { connect } from 'node:net';

/** What to download, and how often at once. */
export interface DownloadTask {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly clients: number;
  readonly sizeBytes: number;
}

/** Sent when all have the last byte. */
export interface DownloadOutcome {
  readonly ms: number;
  readonly bytes: number;
}

const BUFFER_BYTES = 262_144;
const END_OF_HEAD = '\r\n\r\n';

/** One download over a connection of its own; reads into one buffer, so that the client costs little. Answers the bytes. */
function download({ port, path, token, sizeBytes }: DownloadTask): Promise<number> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    let head = '';
    let read = -1;
    const onread = {
      buffer,
      callback: (count: number): boolean => {
        if (read >= 0) read += count;
        else {
          head += buffer.toString('latin1', 0, count);
          const end = head.indexOf(END_OF_HEAD);
          if (end >= 0) read = head.length - end - END_OF_HEAD.length;
        }
        if (read >= sizeBytes) socket.end(() => resolve(read));
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread }, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`);
    });
    socket.once('error', reject).once('close', () => reject(new Error(`${read} bytes of: ${head.slice(0, 300)}`)));
  });
}

process.on('message', (task: DownloadTask) => {
  void (async () => {
    const startedAt = performance.now();
    const bytes = await Promise.all(Array.from({ length: task.clients }, () => download(task)));
    const outcome: DownloadOutcome = {
      ms: performance.now() - startedAt,
      bytes: bytes.reduce((sum, count) => sum + count, 0),
    };
    process.send?.(outcome);
  })();
});
