import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Route, ROUTES } from '#libs/contracts';
import type { GatewayClient } from '../enrolment/gateway.client.js';
import { GatewayRefusedError } from '../enrolment/gateway.client.js';
import type { MallSeed } from './mall.seed.js';

const Secret = Compile(Type.Object({ enrolment_secret: Type.String() }));
const CONFLICT = 409;

/** What an administrator does once for a mall: makes it, draws its map, and lets its orchestrator in. */
export class MallEnrolment {
  constructor(private readonly gateway: GatewayClient) {}

  /** Makes the mall; answers the secret with which its orchestrator registers. @throws GatewayRefusedError */
  async enrol(entityId: string, name: string, seed: MallSeed): Promise<string> {
    const body = { entity_id: entityId, name, type: 'mall' };
    const created = await this.gateway.call(ROUTES.entitiesCreate, ROUTES.entitiesCreate.path, body);
    if (created.status === CONFLICT) return this.reopen(entityId);
    const secret = await readSecret(ROUTES.entitiesCreate, created);
    await this.draw(entityId, seed);
    return secret;
  }

  /** Orders a task; a mall that is not there yet is none of the shopper's business. */
  async order(task: object): Promise<boolean> {
    const { ok } = await this.gateway.call(ROUTES.tasksCreate, ROUTES.tasksCreate.path, task);
    return ok;
  }

  private async draw(entityId: string, seed: MallSeed): Promise<void> {
    const route = ROUTES.importsCreate;
    const response = await this.gateway.call(route, pathOf(route, entityId), seed);
    if (!response.ok) throw new GatewayRefusedError(`The import of the map answers ${response.status}.`);
  }

  /** The mall was made before, and its orchestrator has lost its key. */
  private async reopen(entityId: string): Promise<string> {
    const route = ROUTES.orchestratorsReset;
    const reset = await this.gateway.call(route, pathOf(route, entityId), {});
    if (reset.ok) return readSecret(route, reset);
    const enrol = ROUTES.entitiesEnrol;
    return readSecret(enrol, await this.gateway.call(enrol, pathOf(enrol, entityId), {}));
  }
}

const pathOf = ({ path }: Route, entityId: string): string => path.replace(':entityId', entityId);

async function readSecret({ method, path }: Route, response: Response): Promise<string> {
  const answer: unknown = await response.json();
  if (response.ok && Secret.Check(answer)) return answer.enrolment_secret;
  throw new GatewayRefusedError(`The gateway answers ${method} ${path} with ${response.status}.`);
}
