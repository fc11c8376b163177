/** Lets `perSecond` through on average and twice as many at once. */
export class TokenBucket {
  private tokens: number;
  private filledAtMs: number;
  private refused = 0;

  constructor(
    private readonly perSecond: number,
    nowMs: number,
  ) {
    this.tokens = 2 * perSecond;
    this.filledAtMs = nowMs;
  }

  /** How many were refused since one was let through last. */
  get refusedInARow(): number {
    return this.refused;
  }

  /** Whether one more may pass at this instant. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.filledAtMs) / 1000) * this.perSecond;
    this.tokens = Math.min(2 * this.perSecond, this.tokens + Math.max(0, gained));
    this.filledAtMs = nowMs;
    if (this.tokens < 1) {
      this.refused++;
      return false;
    }
    this.tokens--;
    this.refused = 0;
    return true;
  }
}
