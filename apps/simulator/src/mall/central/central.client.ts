import { randomUUID } from 'node:crypto';
import { HTTP_HEADERS } from '#libs/contracts';
import type { Clock } from '../../clock.js';
import { type Log, reasonOf } from '../../log.js';
import { waitFor } from '../../waiting.js';
import { RETRY_DELAYS_MS } from './backoff.js';

/** Who the orchestrator is to the central server. */
export interface Identity {
  readonly entityId: string;
  readonly assignedId: string;
  readonly token: string;
}

export interface CentralOptions {
  /** Where the central server is, as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly identity: () => Identity | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The central server said no. */
export class CentralRefusedError extends Error {
  override readonly name = 'CentralRefusedError';

  constructor(
    readonly status: number,
    readonly code: string,
    asked: string,
  ) {
    super(`${asked} answers ${status} ${code}`);
  }
}

/** The central server could not be reached, or did not recover in time. */
export class CentralAwayError extends Error {
  override readonly name = 'CentralAwayError';
}

const REQUEST_TIMEOUT_MS = 30_000;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;

/** Asks the central server as orchestrators.txt 9.3 says: retries with back-off, writes with an idempotency key. */
export class CentralClient {
  constructor(private readonly options: CentralOptions) {}

  /** @throws CentralRefusedError, CentralAwayError */
  async get(path: string): Promise<unknown> {
    const response = await this.send('GET', path, {});
    return response.json();
  }

  /** The raw answer of a GET, with extra headers; its body is the caller's. */
  fetch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('GET', path, { headers });
  }

  /** One try and its repeats have one idempotency key, so that they have one effect. */
  async post(path: string, body: object, options: { readonly key?: string } = {}): Promise<unknown> {
    const headers = { 'content-type': 'application/json', [HTTP_HEADERS.idempotencyKey]: options.key ?? randomUUID() };
    const response = await this.send('POST', path, { headers, body: JSON.stringify(body) });
    return response.json();
  }

  /** A write with headers and body of the caller's making. */
  async postRaw(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<unknown> {
    const response = await this.send('POST', path, { headers, body });
    return response.json();
  }

  private async send(method: string, path: string, init: RequestInit): Promise<Response> {
    const { clock, log, signal } = this.options;
    const asked = `${method} ${path.split('?', 1)[0] ?? path}`;
    for (let tries = 0; ; tries++) {
      const answer = await this.attempt(method, path, init);
      if (answer instanceof Response && answer.ok) return answer;
      const delayMs = RETRY_DELAYS_MS[tries];
      const isPassing = !(answer instanceof Response) || isTemporary(answer);
      if (!isPassing || delayMs === undefined || signal.aborted) throw await failureOf(answer, asked);
      log.warn('central_asked_again', { asked, after_ms: delayMs, message: describe(answer) });
      const askedForMs = answer instanceof Response ? retryAfterMs(answer) : 0;
      await waitFor(clock, Math.max(delayMs, askedForMs), signal);
    }
  }

  private async attempt(method: string, path: string, init: RequestInit): Promise<Response | string> {
    const { url, signal, identity } = this.options;
    const self = identity();
    const headers = new Headers(init.headers);
    if (self) {
      headers.set('authorization', `Bearer ${self.token}`);
      headers.set(HTTP_HEADERS.entityId, self.entityId);
      headers.set(HTTP_HEADERS.orchestratorId, self.assignedId);
    }
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
      return await fetch(new URL(path, url), { ...init, method, headers, signal: patience });
    } catch (error) {
      return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : reasonOf(error);
    }
  }
}

async function failureOf(answer: Response | string, asked: string): Promise<Error> {
  if (typeof answer === 'string') return new CentralAwayError(`${asked}: ${answer}`);
  const code = codeIn(await answer.text());
  return isTemporary(answer) && answer.status !== TOO_MANY_REQUESTS
    ? new CentralAwayError(`${asked} answers ${answer.status} ${code}`)
    : new CentralRefusedError(answer.status, code, asked);
}

function codeIn(text: string): string {
  return /"code"\s*:\s*"([A-Z_]+)"/.exec(text)?.[1] ?? 'without a code';
}

const isTemporary = ({ status }: Response): boolean => status === TOO_MANY_REQUESTS || status >= SERVER_ERRORS;

const describe = (answer: Response | string): string =>
  typeof answer === 'string' ? answer : `status ${answer.status}`;

function retryAfterMs({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}
