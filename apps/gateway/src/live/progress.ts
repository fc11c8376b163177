import type { StreamPosition } from '#libs/jetstream';

/** What a message that arrives is to someone who has seen everything up to here. */
export type Verdict = 'new' | 'seen' | 'gap';

/** Where a stream stands: its age and its first and last sequence. */
export interface StreamHead {
  readonly epochMs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/**
 * How far one source of a group was read. Up to the floor everything was seen; above it, each subject by itself, so that
 * a message which arrives late is neither lost nor taken twice.
 */
export class Progress {
  private newest: number;
  /** Subject → last sequence seen above the floor; as many as the group has subjects. */
  private readonly seen = new Map<string, number>();
  private floor: number;
  private suspect: number | undefined;

  constructor(private head: StreamHead) {
    this.floor = head.lastSequence;
    this.newest = head.lastSequence;
  }

  get position(): StreamPosition {
    return { epochMs: this.head.epochMs, sequence: this.newest };
  }

  get epochMs(): number {
    return this.head.epochMs;
  }

  /** After which sequence a replay must begin to find everything that may be missing. */
  get safeSequence(): number {
    return this.suspect ?? this.newest;
  }

  /** Judges a message by the sequence of its predecessor on the same subject, which the broker tells. */
  judge(subject: string, sequence: number, previous: number): Verdict {
    const known = this.knownOf(subject);
    if (sequence <= known) return 'seen';
    return previous > known ? 'gap' : 'new';
  }

  /** Remembers from where to look when a gap is noticed. */
  suspectFrom(subject: string): void {
    this.suspect = Math.min(this.suspect ?? this.newest, this.knownOf(subject));
  }

  /** Takes a message as seen. */
  advance(subject: string, sequence: number): void {
    this.seen.set(subject, sequence);
    if (sequence > this.newest) this.newest = sequence;
  }

  /** Whether sequences mean something else now: the stream was made anew, or a crash took its end away. */
  isOtherThan(head: StreamHead): boolean {
    return head.epochMs !== this.head.epochMs || head.lastSequence < this.newest;
  }

  /** Everything up to the head was seen; a stream that is not the same any more is counted anew. */
  settle(head: StreamHead): void {
    const anew = this.isOtherThan(head);
    this.head = head;
    this.floor = anew ? head.lastSequence : Math.max(this.floor, head.lastSequence);
    this.newest = anew ? this.floor : Math.max(this.newest, this.floor);
    this.suspect = undefined;
    for (const [subject, sequence] of this.seen) if (anew || sequence <= this.floor) this.seen.delete(subject);
  }

  private knownOf(subject: string): number {
    return Math.max(this.floor, this.seen.get(subject) ?? 0);
  }
}
