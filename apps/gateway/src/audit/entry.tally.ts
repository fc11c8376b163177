import type { AuditEntry } from './audit.entry.js';

const WINDOW_MS = 60_000;
/** Different kinds of entries in one minute; beyond them only action and code are told apart. */
const MOST_KINDS = 1_000;

interface Tally {
  readonly endsAtMs: number;
  latest: AuditEntry;
  /** Equal entries after the first. */
  more: number;
}

/**
 * Bounds what a flood writes: the first of equal entries passes at once, the others of its minute become one entry with
 * their count. Key of the map: what makes entries equal.
 */
export class EntryTally {
  private readonly tallies = new Map<string, Tally>();

  /** Answers the entry when it is to be written now. */
  add(entry: AuditEntry, nowMs = Date.now()): AuditEntry | undefined {
    const exact = keyOf(entry);
    const isKnown = this.tallies.has(exact) || this.tallies.size < MOST_KINDS;
    const counted = isKnown ? entry : crowded(entry);
    const key = isKnown ? exact : keyOf(counted);
    const tally = this.tallies.get(key);
    if (!tally) {
      this.tallies.set(key, { endsAtMs: nowMs + WINDOW_MS, latest: counted, more: 0 });
      return counted;
    }
    tally.latest = counted;
    tally.more += 1;
    return undefined;
  }

  /** Ends the minutes that are over, or all of them; answers what they counted. */
  end(nowMs = Date.now(), all = false): AuditEntry[] {
    const over = [...this.tallies].filter(([, { endsAtMs }]) => all || endsAtMs <= nowMs);
    for (const [key] of over) this.tallies.delete(key);
    return over.flatMap(([, { latest, more }]) => (more > 0 ? [{ ...latest, count: more }] : []));
  }
}

function keyOf({ actor, action, entityId, targets, status, code, address }: AuditEntry): string {
  return JSON.stringify([actor, action, entityId, targets, status, code, address]);
}

/** One of too many kinds: who and whereto are not told any more. */
function crowded(entry: AuditEntry): AuditEntry {
  const nobody = { actor: null, actorName: null, entityId: null, address: null, userAgent: null };
  return { ...entry, ...nobody, roles: [], targets: {} };
}
