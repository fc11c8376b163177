import type { RateLimitName } from './access/limits.js';
import type { Policy } from './access/policies.js';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  readonly method: HttpMethod;
  /** Path from the root, parameters as `:name`. */
  readonly path: string;
  readonly policy: Policy;
  readonly summary: string;
  /** The limit of its group, beside the caller's own. */
  readonly limit?: RateLimitName;
}

/** A row of the table. */
export function route(method: HttpMethod, path: string, policy: Policy, summary: string): Route {
  return { method, path, policy, summary };
}

/** A row that has its group's limit. */
export const limited = (limit: RateLimitName, row: Route): Route => ({ ...row, limit });
