import {
  collectionChecksum,
  COLLECTIONS,
  type Collection,
  globalChecksum,
  isCollection,
  RECORD_TYPES,
} from '#libs/contracts';
import { FaithfulClient } from '../support/faithful-client.js';
import type { MallOrchestrator } from '../support/mall.js';
import { pause } from './pause.js';

const LOOK_MS = 1_000;

/** Record id → its checksum, as the orchestrator has it. */
type Records = Map<string, string>;

const emptyMall = (): Record<Collection, Records> => ({
  areas: new Map(),
  beacons: new Map(),
  connections: new Map(),
  merchants: new Map(),
});

/** An orchestrator that reads its events and comes back with its last id whenever it is cut off. */
export class ChaosOrchestrator {
  readonly client: FaithfulClient;

  constructor(readonly mall: MallOrchestrator) {
    this.client = new FaithfulClient(mall.token, 'sse', () => mall.url);
  }

  get entityId(): string {
    return this.mall.entityId;
  }

  get isGreeted(): boolean {
    return this.client.received.events.length > 0;
  }
}

/** Keeps a copy of its mall: all of it once, and from then on what changed. */
export class Follower {
  private records = emptyMall();
  private cursor: string | undefined;
  private following = true;
  private done: Promise<void> = Promise.resolve();
  /** Syncs that were taken in whole. */
  syncs = 0;

  constructor(readonly mall: MallOrchestrator) {}

  start(): void {
    this.done = this.follow();
  }

  async stop(): Promise<void> {
    this.following = false;
    await this.done;
  }

  /** Of the copy, as the server computes its own. */
  get checksum(): string {
    const sums = Object.fromEntries(
      COLLECTIONS.map((name) => [
        name,
        collectionChecksum([...this.records[name]].map(([id, checksum]) => ({ id, checksum }))),
      ]),
    );
    return globalChecksum(sums as Record<Collection, string>);
  }

  /** Whether the copy is what the server has. */
  async isSame(): Promise<boolean> {
    const { status, body } = await this.mall.get('/api/orchestrators/sync/checksum');
    return status === 200 && body.checksums.global === this.checksum;
  }

  /** Takes what changed, page by page. */
  async sync(): Promise<void> {
    if (this.cursor === undefined) await this.readAll();
    for (let hasMore = true; hasMore;) {
      const path = `/api/orchestrators/sync/delta?cursor=${encodeURIComponent(this.cursor ?? '')}`;
      const { status, body } = await this.mall.get(path);
      if (status !== 200) throw new Error(`a delta answered ${status}`);
      for (const change of body.changes) this.apply(change);
      hasMore = body.has_more;
      this.cursor = hasMore ? body.next_cursor : body.cursor;
    }
    this.syncs++;
  }

  private async follow(): Promise<void> {
    while (this.following) {
      await this.sync().catch(() => undefined);
      await pause(LOOK_MS);
    }
  }

  private async readAll(): Promise<void> {
    const { status, body } = await this.mall.get('/api/orchestrators/sync/full');
    if (status !== 200) throw new Error(`a full sync answered ${status}`);
    const records = emptyMall();
    for (const [name, list] of Object.entries<{ id: string; checksum: string }[]>(body.data)) {
      if (isCollection(name)) for (const { id, checksum } of list) records[name].set(id, checksum);
    }
    this.records = records;
    this.cursor = body.cursor;
  }

  private apply({ type, operation, id, data }: Record<string, any>): void {
    const name = COLLECTIONS.find((collection) => RECORD_TYPES[collection] === type);
    if (!name) throw new Error(`there is no type ${type}`);
    if (operation === 'delete') this.records[name].delete(id);
    else this.records[name].set(id, data.checksum);
  }
}
