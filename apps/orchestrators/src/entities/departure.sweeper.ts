import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BEACONS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import { DepartedEvents } from './departed.events.js';
import { type Departure, DepartureRepository } from './departure.repository.js';

const SWEEP_MS = 10_000;
const BATCH = 100;
/** Who deletes an entity waits no longer for others. */
const AT_ONCE_MS = 1_000;
/** A beacon that was being registered meanwhile is found by a later look; no request takes that long. */
const SETTLED_AFTER_S = 60;

/** Has others forget deleted entities: at once, and again until it is certain, whatever is restarted meanwhile. */
@Injectable()
export class DepartureSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Departures');
  private readonly ticker = new Ticker('Departures', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly departures: DepartureRepository,
    private readonly rpc: RpcClient,
    private readonly events: DepartedEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** To be called after an entity was deleted; what cannot be told now is told later. */
  async tellNow(entityId: string): Promise<void> {
    try {
      const departure = await this.departures.find(entityId);
      if (departure) await this.tell(departure, AT_ONCE_MS);
    } catch (error) {
      this.logger.warn({ event: 'departure_not_told', entity_id: entityId, error });
    }
  }

  private async sweep(): Promise<boolean> {
    for (const departure of await this.departures.list(SETTLED_AFTER_S, BATCH)) await this.tell(departure);
    return false;
  }

  private async tell(departure: Departure, timeoutMs?: number): Promise<void> {
    const { entityId, before, isTold } = departure;
    const question = { entity_id: entityId, before: before.toISOString() };
    await this.rpc.ask(BEACONS_REQUESTS.forgetEntity, question, timeoutMs);
    // Nobody may make it anew before this is done, so that what was told to it is not told to another one.
    if (!isTold) await this.events.drop(entityId);
    await this.departures.settle(departure, SETTLED_AFTER_S);
  }
}
