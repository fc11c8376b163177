import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { GatewayClient } from '../enrolment/gateway.client.js';
import type { Log } from '../log.js';
import { waitFor } from '../waiting.js';
import { type Random, seededRandom, seedOf } from '../world/random.js';
import { SimulatedBeacon } from './beacons/simulated.beacon.js';
import { MallEnrolment } from './mall.enrolment.js';
import { type MallPace, USUAL_PACE } from './mall.pace.js';
import { type BeaconPlace, beaconPlaces, seedMall } from './mall.seed.js';
import { Orchestrator } from './orchestrator.js';
import { SealedFiles } from './store/sealed.file.js';
import type { MallRobot } from './tasks/robot.selection.js';

export interface MallOptions {
  readonly url: string;
  readonly entityId: string;
  readonly name: string;
  readonly gateway: GatewayClient;
  readonly directory: string;
  readonly beacons: number;
  readonly seed: number;
  readonly failureRate: number;
  readonly pace?: MallPace;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const ROBOTS = 5;
const FIRST_VERSION = '0.1.8';

/** A simulated mall: a map, beacons, robots, shoppers who order things, and the orchestrator that looks after them. */
export class Mall {
  private readonly random: Random;
  private readonly places: readonly BeaconPlace[];
  private readonly enrolment: MallEnrolment;
  private readonly pace: MallPace;
  orchestrator: Orchestrator | undefined;

  constructor(private readonly options: MallOptions) {
    const { entityId, beacons, seed, gateway, signal } = options;
    // Everything that waits in a mall ends with it.
    setMaxListeners(0, signal);
    this.random = seededRandom(seedOf(entityId, seed));
    this.places = beaconPlaces(entityId, beacons, this.random);
    this.enrolment = new MallEnrolment(gateway);
    this.pace = options.pace ?? USUAL_PACE;
  }

  /** Runs until the signal is aborted. @throws GatewayRefusedError when the mall cannot be made */
  async run(): Promise<void> {
    const secret = await this.letIn();
    this.orchestrator = this.makeOrchestrator(secret);
    await Promise.all([this.orchestrator.run(), this.shop()]);
  }

  /** Only an orchestrator without a key of its own needs a secret. */
  private async letIn(): Promise<string | undefined> {
    const { entityId, name, directory } = this.options;
    const isKnown = existsSync(join(directory, 'cache.key')) && new SealedFiles(directory).read('token') !== undefined;
    return isKnown ? undefined : this.enrolment.enrol(entityId, name, seedMall(this.places, this.random));
  }

  private makeOrchestrator(enrolmentSecret: string | undefined): Orchestrator {
    const { url, entityId, directory, seed, failureRate, clock, log, signal } = this.options;
    return new Orchestrator({
      url,
      entityId,
      orchestratorId: 'orch-001',
      enrolmentSecret,
      directory,
      beacons: this.places.map((place) => this.makeBeacon(place)),
      robots: Array.from({ length: ROBOTS }, (_, n) => this.makeRobot(n)),
      seed,
      failureRate,
      pace: this.pace,
      clock,
      log,
      signal,
    });
  }

  private makeBeacon({ deviceId, areaId, x, y }: BeaconPlace): SimulatedBeacon {
    const { clock, failureRate, seed } = this.options;
    const random = seededRandom(seedOf(deviceId, seed));
    return new SimulatedBeacon({ deviceId, areaId, x, y, firmwareVersion: FIRST_VERSION, clock, random, failureRate });
  }

  private makeRobot(n: number): MallRobot {
    const { random } = this;
    return {
      robotId: `${this.options.entityId}-robot-${n + 1}`,
      batteryPercent: Math.round(random.between(60, 100)),
      x: Math.round(random.between(0, 200)),
      y: Math.round(random.between(0, 100)),
      queueLength: 0,
    };
  }

  private async shop(): Promise<void> {
    const { clock, signal } = this.options;
    for (let order = 1; !signal.aborted; order++) {
      await waitFor(clock, this.pace.orderMs, signal);
      if (!signal.aborted) await this.enrolment.order(this.delivery(order)).catch(() => false);
    }
  }

  private delivery(order: number): object {
    const place = (): object => {
      const { areaId, x, y } = this.places[Math.floor(this.random.next() * this.places.length)] ?? NOWHERE;
      return { area_id: areaId, coordinates: { x, y, z: 0, floor: 'L1' } };
    };
    return {
      entity_id: this.options.entityId,
      type: 'delivery',
      priority: this.random.pick(['low', 'normal', 'high']),
      source: place(),
      destination: place(),
      payload: { order_id: `order-${order}`, customer_phone: '+1234567890' },
    };
  }
}

const NOWHERE = { areaId: 'area-1', x: 0, y: 0 };
