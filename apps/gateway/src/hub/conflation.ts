import type { Frame } from '../live/live.group.js';

/** Holds back frames of which only the newest counts: one per robot and kind, in the order of their last change. */
export class Conflation {
  /** Keyed by `newestOf`; as many as the group has robots, times two. */
  private readonly pending = new Map<string, Frame>();

  get isEmpty(): boolean {
    return this.pending.size === 0;
  }

  /** Takes a frame in place of an older one of the same kind; false for a frame that must not be held back. */
  offer(frame: Frame): boolean {
    if (frame.newestOf === undefined) return false;
    this.pending.delete(frame.newestOf);
    this.pending.set(frame.newestOf, frame);
    return true;
  }

  /** Takes out what waits, oldest change first. */
  drain(): Frame[] {
    const frames = [...this.pending.values()];
    this.pending.clear();
    return frames;
  }

  /** Source → first sequence that waits: a cursor must stay below it, or a client that comes back misses it. */
  firstSequences(): ReadonlyMap<number, number> {
    const firsts = new Map<number, number>();
    for (const { source, sequence } of this.pending.values()) {
      firsts.set(source, Math.min(sequence, firsts.get(source) ?? sequence));
    }
    return firsts;
  }
}
