import { createHash } from 'node:crypto';
import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { Objm, setSha256Backend, type ObjectInfo, type ObjectStore } from '@nats-io/obj';
import { type BucketName, bucketStream, bucketSubjects, MusterError } from '#libs/contracts';
import type { BrokerConnection } from './connection.js';

/** What the broker keeps of a file. */
export interface StoredObject {
  readonly name: string;
  readonly sizeBytes: number;
  readonly storedAt: Date;
}

/** Chunks that belong to no file: an upload that a crash cut off, or one that is under way. */
export interface LooseChunks {
  readonly subject: string;
  /** When the newest of them was stored. */
  readonly storedAt: Date;
}

const CHUNK_BYTES = 512 * 1024;
/** So many chunks of a file may wait for a slow reader. */
const PULL = { max_messages: 4, expires: 5_000 } as const;
const TIMEOUT_MS = 10_000;
const STALLED_AFTER_MS = 10_000;

setSha256Backend('native');

/** Files of one object store, streamed in and out with a few chunks in memory at most. */
export class FileBucket {
  private readonly js: JetStreamClient;
  private readonly stream: string;
  private opened: Promise<{ store: ObjectStore; manager: JetStreamManager }> | undefined;

  constructor(
    private readonly broker: BrokerConnection,
    private readonly bucket: BucketName,
  ) {
    // Services may not ask the broker about the whole account.
    this.js = jetstream(broker.nc, { checkAPI: false, timeout: TIMEOUT_MS });
    this.stream = bucketStream(bucket);
  }

  /** Stores a file; one whose source fails leaves nothing. @throws MusterError `SERVICE_UNAVAILABLE` */
  async put(name: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const { store } = await this.open();
    const failed: { error?: Error } = {};
    const meta = { name, options: { max_chunk_size: CHUNK_BYTES } };
    const putting = store.put(meta, toWebStream(source, failed), { timeout: TIMEOUT_MS });
    const info = await putting.catch((error: unknown) => {
      throw failed.error ?? unavailable('The file could not be stored', error);
    });
    return { name, sizeBytes: info.size, storedAt: new Date(info.mtime) };
  }

  /**
   * A file, chunk by chunk and no faster than it is read.
   * @throws MusterError `SERVICE_UNAVAILABLE` when it is not there, ends early or is not what was stored.
   */
  async *read(name: string): AsyncGenerator<Uint8Array> {
    const { store } = await this.open();
    const info = await store.info(name);
    if (!info || info.deleted) throw unavailable(`The object store has no file ${name}`);
    const hash = createHash('sha256');
    let seen = 0;
    for await (const chunk of this.chunks(info.nuid, info.chunks)) {
      hash.update(chunk);
      seen += chunk.length;
      yield chunk;
    }
    if (seen !== info.size || `SHA-256=${hash.digest('base64url')}` !== info.digest.replace(/=+$/, '')) {
      throw unavailable(`The object store’s file ${name} is damaged`);
    }
  }

  /** Drops a file and its chunks; silent when there is none. */
  async delete(name: string): Promise<void> {
    const { store, manager } = await this.open();
    const info = await store.info(name);
    if (!info) return;
    await manager.streams.purge(this.stream, { filter: this.metaSubject(name) });
    await manager.streams.purge(this.stream, { filter: this.subject(`C.${info.nuid}`) });
  }

  /** Every file. */
  async list(): Promise<StoredObject[]> {
    const infos = await this.infos();
    return infos.map(({ name, size, mtime }) => ({ name, sizeBytes: size, storedAt: new Date(mtime) }));
  }

  /** Chunks without a file. */
  async looseChunks(): Promise<LooseChunks[]> {
    // First the chunks: a file that is finished in between is in the list then.
    const chunks = await this.subjects('C.>');
    const known = new Set((await this.infos()).map(({ nuid }) => this.subject(`C.${nuid}`)));
    const loose = chunks.filter((subject) => !known.has(subject));
    const newest = await this.newest(loose);
    return newest.map(({ subject, time }) => ({ subject, storedAt: time }));
  }

  async dropChunks({ subject }: LooseChunks): Promise<void> {
    const { manager } = await this.open();
    await manager.streams.purge(this.stream, { filter: subject });
  }

  private async infos(): Promise<ObjectInfo[]> {
    const messages = await this.newest(await this.subjects('M.>'));
    return messages.map((message) => message.json<ObjectInfo>()).filter(({ deleted }) => !deleted);
  }

  private async subjects(pattern: string): Promise<string[]> {
    const { manager } = await this.open();
    const { state } = await manager.streams.info(this.stream, { subjects_filter: this.subject(pattern) });
    return Object.keys(state.subjects ?? {});
  }

  /** The newest message of each subject that has one. */
  private async newest(subjects: readonly string[]): Promise<StoredMsg[]> {
    const { manager } = await this.open();
    const found: StoredMsg[] = [];
    for (const subject of subjects) {
      const message = await manager.streams.getMessage(this.stream, { last_by_subj: subject });
      if (message) found.push(message);
    }
    return found;
  }

  private async *chunks(nuid: string, count: number): AsyncGenerator<Uint8Array> {
    if (count === 0) return;
    const consumer = await this.js.consumers.get(this.stream, {
      // A text, not a list: servers before 2.10 know one filter per consumer.
      filter_subjects: this.subject(`C.${nuid}`),
      deliver_policy: DeliverPolicy.All,
    });
    let messages: ConsumerMessages | undefined;
    try {
      const { num_pending: found } = await consumer.info(true);
      if (found !== count) throw unavailable('The object store lacks a part of the file');
      messages = await consumer.consume(PULL);
      const iterator = messages[Symbol.asyncIterator]();
      for (let i = 0; i < count; i++) {
        const next = await unlessStalled(iterator.next());
        if (next.done === true) return;
        yield next.value.data;
      }
    } finally {
      messages?.stop();
      // The broker drops it by itself after a while; while it is away there is nobody to ask.
      await consumer.delete().catch(() => false);
    }
  }

  private subject(rest: string): string {
    return bucketSubjects(this.bucket).replace('>', rest);
  }

  /** The object store's clients agree on base64url with padding. */
  private metaSubject(name: string): string {
    return this.subject(`M.${Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`);
  }

  private open(): Promise<{ store: ObjectStore; manager: JetStreamManager }> {
    if (!this.broker.isConnected) throw unavailable('The broker is away');
    this.opened ??= this.connect().catch((error: unknown) => {
      this.opened = undefined;
      throw unavailable('The object store cannot be reached', error);
    });
    return this.opened;
  }

  private async connect(): Promise<{ store: ObjectStore; manager: JetStreamManager }> {
    const store = await new Objm(this.js).open(this.bucket);
    return { store, manager: await jetstreamManager(this.broker.nc, { checkAPI: false, timeout: TIMEOUT_MS }) };
  }
}

/** Keeps why the source failed: the store would wrap it. */
function toWebStream(source: AsyncIterable<Uint8Array>, failed: { error?: Error }): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          failed.error = error instanceof Error ? error : new Error(String(error));
          controller.error(error);
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function unavailable(what: string, cause?: unknown): MusterError {
  return new MusterError('SERVICE_UNAVAILABLE', `${what}. Try again shortly.`, {}, { cause });
}

async function unlessStalled<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable('The broker stopped sending a file')), STALLED_AFTER_MS).unref();
  });
  try {
    return await Promise.race([next, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
