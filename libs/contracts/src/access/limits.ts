/** Requests in a window, of one caller, over all replicas (orchestrators.txt 8.4). */
export interface RateLimit {
  readonly points: number;
  readonly windowS: number;
}

/**
 * Limits that belong to groups of routes, beside the one that every caller has. Registering is limited by its own rule
 * (decision C1): only what succeeded counts, once in 24 hours. A heartbeat may come when nine tenths of its interval are
 * over (decision C6); the interval is the orchestrator's own, so the row is the documents' 60 seconds.
 */
export const RATE_LIMITS = {
  heartbeat: { points: 1, windowS: 54 },
  syncDelta: { points: 10, windowS: 60 },
  firmwareStatus: { points: 100, windowS: 60 },
  tasks: { points: 100, windowS: 60 },
  beacons: { points: 1_000, windowS: 60 },
  /** Challenges and proofs of one beacon (8.1). */
  beaconAuthentication: { points: 10, windowS: 60 },
  /** Registrations of one orchestrator that were refused. */
  failedRegistration: { points: 20, windowS: 600 },
} as const satisfies Record<string, RateLimit>;

export type RateLimitName = keyof typeof RATE_LIMITS;
