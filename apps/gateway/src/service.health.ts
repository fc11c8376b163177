import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  COMMANDS_REQUESTS,
  ENTITIES_REQUESTS,
  MusterError,
  ROBOTS_REQUESTS,
  ROLLOUTS_REQUESTS,
  TELEMETRY_REQUESTS,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { HealthRegistry } from '#libs/platform';

const PATIENCE_MS = 1_000;
const NOBODY = new Set(['SERVICE_UNAVAILABLE', 'NETWORK_TIMEOUT']);

/**
 * Whether somebody answers for each service behind the gateway. Without one of them its own routes fail and all others serve,
 * so the gateway is degraded (orchestrators.txt 10.3). The questions are the cheapest that each has.
 */
@Injectable()
export class ServiceHealth implements OnModuleInit {
  constructor(
    private readonly health: HealthRegistry,
    private readonly rpc: RpcClient,
  ) {}

  onModuleInit(): void {
    const { rpc } = this;
    this.watch('robots', () => rpc.ask(ROBOTS_REQUESTS.dispatchability, { robotIds: [] }, PATIENCE_MS));
    this.watch('commands', () => rpc.ask(COMMANDS_REQUESTS.get, { commandId: randomUUID() }, PATIENCE_MS));
    this.watch('telemetry', () => rpc.ask(TELEMETRY_REQUESTS.latest, { robotId: 'health' }, PATIENCE_MS));
    this.watch('orchestrators', () => rpc.ask(ENTITIES_REQUESTS.list, { limit: 1 }, PATIENCE_MS));
    this.watch('beacons', () => rpc.ask(ROLLOUTS_REQUESTS.list, { limit: 1 }, PATIENCE_MS));
  }

  private watch(service: string, ask: () => Promise<unknown>): void {
    this.health.register(`${service}_service`, () => answers(ask), { critical: false });
  }
}

/** Whatever it answers, it is there. */
async function answers(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof MusterError) || NOBODY.has(error.code)) throw error;
  }
}
