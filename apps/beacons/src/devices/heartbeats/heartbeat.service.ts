import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { BeaconCommand, BeaconHeartbeat, BeaconHeartbeatAnswer } from '#libs/contracts';
import { MicroBatch } from '#libs/database';
import { Outbox } from '#libs/outbox';
import { DevicesSettings } from '../devices.settings.js';
import type { Arrival } from './heartbeat.policy.js';
import { HeartbeatRepository, type HeartbeatOutcome } from './heartbeat.repository.js';
import { OfferDesk } from '../offer.desk.js';

/** Takes signs of life of beacons and answers what they are to do. */
@Injectable()
export class HeartbeatService implements OnApplicationShutdown {
  private readonly arrivals = new MicroBatch<Arrival, HeartbeatOutcome>({
    name: 'beacon_heartbeats',
    maxWaitMs: 0,
    // Two batches would wait for each other's rows.
    maxConcurrency: 1,
    run: (arrivals) => this.repository.store(arrivals),
  });

  constructor(
    private readonly repository: HeartbeatRepository,
    private readonly desk: OfferDesk,
    private readonly outbox: Outbox,
    private readonly settings: DevicesSettings,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.arrivals.close();
  }

  /** @throws MusterError `BEACON_NOT_REGISTERED`, `BEACON_NOT_APPROVED` */
  async take(entityId: string, heartbeat: BeaconHeartbeat): Promise<BeaconHeartbeatAnswer> {
    const arrival = { entityId, beaconId: heartbeat.beacon_id, heartbeat, at: new Date() };
    const outcome = await this.arrivals.add(arrival);
    if (outcome.isBack) this.outbox.kick();
    return {
      acknowledged: true,
      next_heartbeat_seconds: this.settings.heartbeatSeconds,
      commands: [...outcome.commands.map(toCommand), ...(await this.offered(outcome))],
    };
  }

  /** An offer is repeated until the beacon reports its version, or is offered something else. */
  private async offered({ row, commands }: HeartbeatOutcome): Promise<readonly BeaconCommand[]> {
    const offer = await this.desk.offerFor(row);
    if (!offer) return [];
    const { firmware_id, priority } = offer;
    const isQueued = commands.some(({ commandJson }) => commandJson.firmware_id === firmware_id);
    return isQueued ? [] : [{ type: 'firmware_update', firmware_id, priority }];
  }
}

function toCommand({ commandId, commandJson }: HeartbeatOutcome['commands'][number]): BeaconCommand {
  return { ...commandJson, command_id: commandId };
}
