import { Injectable, Logger } from '@nestjs/common';
import { lastValueFrom, reduce } from 'rxjs';
import {
  MusterError,
  ORCHESTRATORS_REQUESTS,
  ROBOTS_REQUESTS,
  TELEMETRY_REQUESTS,
  type FleetPage,
  type HubGroup,
  type OrchestratorDto,
  type RequestContract,
  type RobotDto,
  type RobotReportDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { robotSourceOf } from '../live/robot.groups.js';
import { StreamReader } from '../live/stream.reader.js';

const FLEET_PAGE = 100;

/** Where a robot stands: what a client that lost its place draws anew. */
export interface RobotSnapshot {
  readonly robot: RobotDto | null;
  readonly status: object | null;
  readonly telemetry: object | null;
}

/** Where a mall stands; its records and tasks are at REST. */
export interface MallSnapshot {
  /** Null before one has registered. */
  readonly orchestrator: OrchestratorDto | null;
}

/**
 * What goes with `resync_required`: of a robot everything that is newest, of the fleet its first page, of a mall its
 * orchestrator.
 */
@Injectable()
export class HubSnapshots {
  private readonly logger = new Logger('Hub');

  constructor(
    private readonly rpc: RpcClient,
    private readonly streams: StreamReader,
  ) {}

  /** Null when it cannot be had now; REST has the same under the group's own path. */
  async of(group: HubGroup): Promise<RobotSnapshot | MallSnapshot | FleetPage | null> {
    try {
      return await this.read(group);
    } catch (error) {
      this.logger.warn({ event: 'hub_snapshot_failed', group: group.kind, error });
      return null;
    }
  }

  private read(group: HubGroup): Promise<RobotSnapshot | MallSnapshot | FleetPage> {
    switch (group.kind) {
      case 'fleet':
        return this.ofFleet();
      case 'robot':
        return this.ofRobot(group.robotId);
      case 'entity':
        return this.ofMall(group.entityId);
    }
  }

  private async ofMall(entityId: string): Promise<MallSnapshot> {
    const orchestrator = await unlessMissing(this.rpc.ask(ORCHESTRATORS_REQUESTS.get, { entity_id: entityId }));
    return { orchestrator };
  }

  private ofFleet(): Promise<FleetPage> {
    const parts = this.rpc.stream(ROBOTS_REQUESTS.list, { limit: FLEET_PAGE });
    return lastValueFrom(
      parts.pipe(reduce((page: FleetPage, part) => ({ ...part, robots: [...page.robots, ...part.robots] }))),
    );
  }

  private async ofRobot(robotId: string): Promise<RobotSnapshot> {
    const [robot, status, telemetry] = await Promise.all([
      this.ask(ROBOTS_REQUESTS.get, robotId),
      this.newest('status', robotId, ROBOTS_REQUESTS.status),
      this.newest('telemetry', robotId, TELEMETRY_REQUESTS.latest),
    ]);
    return { robot, status, telemetry };
  }

  /** From the stream first: a service may still be storing what the cursor counts as seen. */
  private async newest(
    kind: 'status' | 'telemetry',
    robotId: string,
    contract: RequestContract<{ robotId: string }, RobotReportDto>,
  ): Promise<object | null> {
    const source = robotSourceOf(kind, robotId);
    const message = await this.streams.newest(source.stream, source.filter);
    const event = message && source.read(message);
    return event?.payload ?? this.ask(contract, robotId);
  }

  private ask<T>(contract: RequestContract<{ robotId: string }, T>, robotId: string): Promise<T | null> {
    return unlessMissing(this.rpc.ask(contract, { robotId }));
  }
}

async function unlessMissing<T>(question: Promise<T>): Promise<T | null> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof MusterError && error.status === 404) return null;
    throw error;
  }
}
