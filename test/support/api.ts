/** What a route answered. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

export interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
}

/** Talks to the gateway as an outsider does: HTTP and JSON, with or without a token. */
export class Api {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** Logs in and answers a client with the access token. @throws Error when refused. */
  static async login(url: string, username: string, password: string): Promise<Api> {
    const { status, body } = await new Api(url).post<{ accessToken: string }>('/api/v1/auth/login', {
      username,
      password,
    });
    if (status >= 300) throw new Error(`log-in as ${username} answered ${status}: ${JSON.stringify(body)}`);
    return new Api(url, body.accessToken);
  }

  get<T = any>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('GET', path, options);
  }

  post<T = any>(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('POST', path, { ...options, body });
  }

  put<T = any>(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('PUT', path, { ...options, body });
  }

  delete<T = any>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('DELETE', path, options);
  }

  async send<T>(method: string, path: string, { headers = {}, body, rawBody }: RequestOptions): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(rawBody === undefined ? {} : { body: rawBody }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text) as T, headers: response.headers };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
