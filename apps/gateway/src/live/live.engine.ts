import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { MusterError } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import { Gate } from './gate.js';
import { GroupFeed } from './group.feed.js';
import type { LiveGroup } from './live.group.js';
import { watchedGroups, watchers } from './live.metrics.js';
import { LiveSettings } from './live.settings.js';
import { LiveSubscription, type Listener, type ReplayMode } from './live.subscription.js';
import { StreamReader } from './stream.reader.js';

export interface JoinOptions {
  /** Where the client stopped; without it only what comes is delivered. */
  readonly lastEventId?: string | undefined;
  readonly replay?: ReplayMode | undefined;
  /** Ends the subscription, also while it still replays. */
  readonly signal?: AbortSignal;
}

interface Watched {
  readonly feed: GroupFeed;
  readonly opened: Promise<void>;
  users: number;
}

const REFRESH_CHECKS = 10;

/**
 * Live groups with replay, whatever protocol delivers them. Costs follow what is watched: a group has one feed here
 * however many listen, and none when nobody does.
 */
@Injectable()
export class LiveEngine implements OnModuleInit, OnModuleDestroy {
  /** Keyed by group name. */
  private readonly watched = new Map<string, Watched>();
  private readonly gate: Gate;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly broker: BrokerConnection,
    private readonly streams: StreamReader,
    private readonly settings: LiveSettings,
  ) {
    this.gate = new Gate(settings.concurrentReplays);
  }

  onModuleInit(): void {
    this.timer = setInterval(() => this.refresh(Date.now()), this.settings.refreshMs / REFRESH_CHECKS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const { feed } of this.watched.values()) feed.close();
    this.watched.clear();
    watchedGroups.set(0);
  }

  /** How many groups are watched here. */
  get groupCount(): number {
    return this.watched.size;
  }

  /**
   * Subscribes a listener and resolves once it is live, after its replay.
   * @throws MusterError `SERVICE_UNAVAILABLE` while the broker is away, `REQUEST_IN_FLIGHT` when the signal came first.
   */
  async join(group: LiveGroup, options: JoinOptions, listener: Listener): Promise<LiveSubscription> {
    const { lastEventId, replay = 'all', signal } = options;
    const watched = await this.acquire(group);
    const { replayLimit, bufferFrames } = this.settings;
    const subscription = new LiveSubscription({
      feed: watched.feed,
      listener,
      streams: this.streams,
      gate: this.gate,
      replayLimit,
      bufferFrames,
      onClose: () => this.release(watched),
    });
    signal?.addEventListener('abort', () => subscription.close(), { once: true });
    try {
      if (signal?.aborted === true) subscription.close();
      else await subscription.begin(lastEventId, replay);
    } catch (error) {
      subscription.close();
      throw error;
    }
    if (!subscription.isClosed) return subscription;
    throw new MusterError('REQUEST_IN_FLIGHT', `${group.name} was left before the join had ended.`);
  }

  /** The group's cursor now, whether it is watched or not. */
  async cursorOf(group: LiveGroup): Promise<string> {
    const watched = await this.acquire(group);
    try {
      return watched.feed.cursor;
    } finally {
      this.release(watched);
    }
  }

  private async acquire(group: LiveGroup): Promise<Watched> {
    if (!this.broker.isConnected && !this.watched.has(group.name)) {
      throw new MusterError('SERVICE_UNAVAILABLE', 'The broker is away; try again shortly.');
    }
    const watched = this.watched.get(group.name) ?? this.open(group);
    watched.users++;
    watchers.inc();
    try {
      await watched.opened;
      return watched;
    } catch (error) {
      this.release(watched);
      throw error;
    }
  }

  private open(group: LiveGroup): Watched {
    const { replayLimit, bufferFrames } = this.settings;
    const { broker, streams } = this;
    const feed = new GroupFeed(group, { broker, streams, replayLimit, bufferFrames });
    const watched = { feed, opened: feed.open(), users: 0 };
    this.watched.set(group.name, watched);
    watchedGroups.set(this.watched.size);
    return watched;
  }

  private release(watched: Watched): void {
    watched.users--;
    watchers.dec();
    if (watched.users > 0) return;
    watched.feed.close();
    const { name } = watched.feed.group;
    if (this.watched.get(name) === watched) this.watched.delete(name);
    watchedGroups.set(this.watched.size);
  }

  /** Keeps quiet groups' positions from falling behind what their streams still hold. */
  private refresh(nowMs: number): void {
    for (const { feed } of this.watched.values()) {
      if (nowMs - feed.upToDateAtMs > this.settings.refreshMs) void feed.heal();
    }
  }
}
