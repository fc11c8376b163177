import { Api } from '../support/api.js';
import type { TestPlatform } from '../support/platform.js';
import { CHAOS_COMMAND } from './witness.js';

const CALL_EVERY_MS = 40;
const RETRY_MS = 200;
const ACCEPTED = 202;

/** A person's program: sends commands, each with one idempotency key until it has been accepted. */
export class Caller {
  /** Idempotency key → command id as it was answered. */
  readonly accepted = new Map<string, string>();
  /** Keys whose repeated call was answered with another command id: must stay empty. */
  readonly contradictions: string[] = [];
  private readonly lanes: Promise<void>[] = [];
  private calling = true;
  private token: string | undefined;

  constructor(
    private readonly platform: TestPlatform,
    private readonly robotIds: readonly string[],
  ) {}

  start(): void {
    for (const robotId of this.robotIds) this.lanes.push(this.callAll(robotId));
  }

  async stop(): Promise<void> {
    this.calling = false;
    await Promise.all(this.lanes);
  }

  private async callAll(robotId: string): Promise<void> {
    for (let n = 0; this.calling; n++) {
      const key = `${robotId}-${n}`;
      const commandId = await this.untilAccepted(robotId, key, n);
      this.accepted.set(key, commandId);
      if (n % 10 === 0 && (await this.untilAccepted(robotId, key, n)) !== commandId) this.contradictions.push(key);
      await pause(CALL_EVERY_MS);
    }
  }

  private async untilAccepted(robotId: string, key: string, n: number): Promise<string> {
    const body = {
      commandType: CHAOS_COMMAND,
      payload: { n },
      timeoutMs: 120_000,
      responseTimeoutMs: 5_000,
      retryPolicy: { maxRetries: 20, retryDelayMs: 500 },
    };
    for (;;) {
      const commandId = await this.call(robotId, key, body).catch(() => undefined);
      if (commandId !== undefined) return commandId;
      await pause(RETRY_MS);
    }
  }

  private async call(robotId: string, key: string, body: object): Promise<string | undefined> {
    this.token ??= (await Api.login(this.platform.url, 'operator', this.platform.passwords.operator)).token;
    const api = new Api(this.platform.url, this.token);
    const answer = await api.post(`/api/v1/robots/${robotId}/commands`, body, {
      headers: { 'x-idempotency-key': key },
    });
    if (answer.status === 401) this.token = undefined;
    return answer.status === ACCEPTED ? answer.body.commandId : undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
