import { setTimeout as delay } from 'node:timers/promises';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { type Route, ROUTES } from '#libs/contracts';
import { type Log, reasonOf } from '../log.js';
import type { RobotCredentials } from '../robot/link.js';

const Tokens = Type.Object({ accessToken: Type.String() });

export const Credentials = Type.Object({
  creds: Type.String(),
  urls: Type.Array(Type.String(), { minItems: 1 }),
  inboxPrefix: Type.String(),
  stream: Type.String(),
  consumer: Type.String(),
  settingsConsumer: Type.String(),
});

const tokens = Compile(Tokens);
const credentials = Compile(Credentials);
const errorBody = Compile(Type.Object({ error: Type.Object({ code: Type.String() }) }));

export interface GatewayOptions {
  /** Where the gateway listens, as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly user: string;
  readonly password: () => string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The gateway said no, and will say so again. */
export class GatewayRefusedError extends Error {
  override readonly name = 'GatewayRefusedError';
}

const REQUEST_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
const UNAUTHORIZED = 401;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;

/** Asks the gateway as any client does; waits for it when it is away or busy. */
export class GatewayClient {
  private session: Promise<string> | undefined;

  constructor(private readonly options: GatewayOptions) {}

  /** Issues credentials for a robot; an id that the platform does not know is enrolled. @throws GatewayRefusedError */
  async issueCredentials(robotId: string): Promise<RobotCredentials> {
    const path = ROUTES.credentialsIssue.path.replace(':robotId', robotId);
    const response = await this.call(ROUTES.credentialsIssue, path, { transport: 'nats' });
    return readAnswer<typeof Credentials>(ROUTES.credentialsIssue, response, credentials);
  }

  /** Asks as the simulator's user; logs in when it has to. `path` is the route's with its parameters filled in. */
  async call(route: Route, path: string, body: object): Promise<Response> {
    const ask = async (): Promise<Response> => {
      this.session ??= this.logIn();
      return this.send(route, path, body, await this.session);
    };
    const response = await ask();
    if (response.status !== UNAUTHORIZED) return response;
    this.session = undefined;
    return ask();
  }

  private async logIn(): Promise<string> {
    const { user: username, password } = this.options;
    const response = await this.send(ROUTES.login, ROUTES.login.path, { username, password: password() });
    const { accessToken } = await readAnswer<typeof Tokens>(ROUTES.login, response, tokens);
    return accessToken;
  }

  /** Sends until there is an answer that waiting would not change. */
  private async send(route: Route, path: string, body: object, token?: string): Promise<Response> {
    const { url, log, signal } = this.options;
    for (let failures = 0; ; failures++) {
      const answer = await this.attempt(new URL(path, url), route.method, body, token);
      if (answer instanceof Response && !isPassing(answer)) return answer;
      const reason = answer instanceof Response ? `status ${answer.status}` : answer;
      const waitMs = (answer instanceof Response && retryAfterMs(answer)) || retryDelayMs(failures);
      log.warn('gateway_not_ready', { url: `${url}${path}`, message: reason, retry_in_ms: Math.round(waitMs) });
      await delay(waitMs, undefined, { signal });
    }
  }

  private async attempt(url: URL, method: string, body: object, token?: string): Promise<Response | string> {
    const { signal } = this.options;
    signal.throwIfAborted();
    try {
      return await fetch(url, {
        method,
        headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : reasonOf(error);
    }
  }
}

async function readAnswer<T extends TSchema>(
  route: Route,
  response: Response,
  validator: Validator,
): Promise<Static<T>> {
  const text = await response.text();
  const asked = `${route.method} ${route.path}`;
  if (!response.ok)
    throw new GatewayRefusedError(`The gateway answers ${asked} with ${response.status} ${codeIn(text)}.`);
  const value = parseJson(text);
  if (fits<T>(validator, value)) return value;
  throw new GatewayRefusedError(`The gateway answers ${asked} with something that this simulator does not expect.`);
}

/** The code alone: it is the same for every robot with the same trouble. */
function codeIn(text: string): string {
  const body = parseJson(text);
  return errorBody.Check(body) ? body.error.code : 'and no error code';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fits<T extends TSchema>(validator: Validator, value: unknown): value is Static<T> {
  return validator.Check(value);
}

function isPassing({ status }: Response): boolean {
  return status === TOO_MANY_REQUESTS || status >= SERVER_ERRORS;
}

/** `Retry-After` in seconds or as a date. */
function retryAfterMs({ headers }: Response): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function retryDelayMs(failures: number): number {
  const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return ceilingMs / 2 + (Math.random() * ceilingMs) / 2;
}
