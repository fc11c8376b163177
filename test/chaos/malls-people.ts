import { Api, type Answer } from '../support/api.js';
import { deliveryFor } from '../support/mall-tasks.js';
import type { TestPlatform } from '../support/platform.js';
import { pause } from './pause.js';

const LANES = 6;
const CALL_EVERY_MS = 60;
const RETRY_MS = 200;
/** Every so many calls are repeated with the same key although they were answered. */
const REPEAT_EVERY = 10;

/** What was accepted, of one entity. */
export interface Accepted {
  /** Ids of records that were made, each once. */
  readonly areas: Set<string>;
  /** Idempotency key → task id. */
  readonly tasks: Map<string, string>;
  /** Numbers of configurations. */
  readonly configurations: Set<number>;
}

/** People who change malls, order tasks and send configurations, each with one idempotency key until it was accepted. */
export class People {
  /** Keyed by entity. */
  readonly accepted = new Map<string, Accepted>();
  /** Keys whose repeated call was answered with another task: must stay empty. */
  readonly contradictions: string[] = [];
  private readonly lanes: Promise<void>[] = [];
  private working = true;
  private token: string | undefined;

  constructor(
    private readonly platform: TestPlatform,
    private readonly entityIds: readonly string[],
  ) {
    for (const entityId of entityIds) {
      this.accepted.set(entityId, { areas: new Set(), tasks: new Map(), configurations: new Set() });
    }
  }

  start(): void {
    for (let lane = 0; lane < LANES; lane++) this.lanes.push(this.work(lane));
  }

  /** Ends when every call under way has been accepted. */
  async stop(): Promise<void> {
    this.working = false;
    await Promise.all(this.lanes);
  }

  private async work(lane: number): Promise<void> {
    for (let n = lane; this.working; n += LANES) {
      const entityId = this.entityIds[n % this.entityIds.length] ?? '';
      const kind = Math.floor(n / LANES) % 3;
      if (kind === 0) await this.change(entityId, n);
      else if (kind === 1) await this.order(entityId, n);
      else await this.configure(entityId, n);
      await pause(CALL_EVERY_MS);
    }
  }

  private async change(entityId: string, n: number): Promise<void> {
    const areaId = `area-${n}`;
    await this.untilAccepted((api, headers) => {
      const path = `/api/v1/entities/${entityId}/areas/${areaId}`;
      return api.put(path, { name: `Area ${n}` }, { headers });
    }, `area:${n}`);
    this.accepted.get(entityId)?.areas.add(areaId);
  }

  private async order(entityId: string, n: number): Promise<void> {
    const key = `task:${n}`;
    const order = async (): Promise<string> => {
      const { body } = await this.untilAccepted(
        (api, headers) => api.post('/api/tasks', deliveryFor(entityId, { payload: { n } }), { headers }),
        key,
      );
      return body.task_id;
    };
    const taskId = await order();
    this.accepted.get(entityId)?.tasks.set(key, taskId);
    if (n % REPEAT_EVERY === 0 && (await order()) !== taskId) this.contradictions.push(key);
  }

  private async configure(entityId: string, n: number): Promise<void> {
    const body = { type: 'chaos', config: { n } };
    await this.untilAccepted(
      (api, headers) => api.put(`/api/v1/entities/${entityId}/config`, body, { headers }),
      `configuration:${n}`,
    );
    this.accepted.get(entityId)?.configurations.add(n);
  }

  private async untilAccepted(
    call: (api: Api, headers: Record<string, string>) => Promise<Answer<any>>,
    key: string,
  ): Promise<Answer<any>> {
    for (;;) {
      const answer = await this.attempt(call, key).catch(() => undefined);
      if (answer && answer.status < 300) return answer;
      await pause(RETRY_MS);
    }
  }

  private async attempt(
    call: (api: Api, headers: Record<string, string>) => Promise<Answer<any>>,
    key: string,
  ): Promise<Answer<any>> {
    const { url, passwords } = this.platform;
    this.token ??= (await Api.login(url, 'admin', passwords.admin)).token;
    const answer = await call(new Api(url, this.token), { 'x-idempotency-key': key });
    if (answer.status === 401) this.token = undefined;
    if (answer.status >= 400 && answer.status < 500 && ![401, 409, 429].includes(answer.status)) {
      console.log(`${key} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }
}
