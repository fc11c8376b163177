import { LRUCache } from 'lru-cache';

/** What decides whether a sample is kept. */
export interface Candidate {
  readonly sampleId: string;
  readonly robotId: string;
  readonly receivedAt: Date;
}

interface Claim {
  readonly slot: number;
  readonly sampleId: string;
}

const MAX_ROBOTS = 100_000;

/**
 * Thins samples out: time is cut into slots of `intervalMs`, and the first sample of a robot in a slot claims it. Claims
 * hold within this process; slots that another process or an earlier run has filled are the database's to refuse.
 */
export class SamplingPolicy {
  /** Key: robot id. The newest slot that a sample of the robot claimed. */
  private readonly claims = new LRUCache<string, Claim>({ max: MAX_ROBOTS });

  constructor(private readonly intervalMs: number) {}

  /** The samples to keep. A sample that claimed its slot before keeps it, so that its next delivery is stored. */
  thin<S extends Candidate>(samples: readonly S[]): readonly S[] {
    return this.intervalMs === 0 ? samples : samples.filter((sample) => this.admits(sample));
  }

  private admits({ sampleId, robotId, receivedAt }: Candidate): boolean {
    const slot = Math.floor(receivedAt.getTime() / this.intervalMs);
    const claim = this.claims.get(robotId);
    if (claim?.slot === slot) return claim.sampleId === sampleId;
    if (claim === undefined || slot > claim.slot) this.claims.set(robotId, { slot, sampleId });
    return true;
  }
}
