import { Controller } from '@nestjs/common';
import { from, type Observable } from 'rxjs';
import {
  type Dispatchability,
  type FleetPage,
  type FleetQuery,
  type RobotDto,
  ROBOTS_REQUESTS,
  type RobotUpdate,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { FleetRepository } from './fleet.repository.js';
import { FleetService } from './fleet.service.js';
import { MetadataService } from './metadata.service.js';
import { robotNotFound } from './robot-not-found.js';
import { RobotRepository } from './robot.repository.js';

@Controller()
export class RegistryResponder {
  constructor(
    private readonly fleetService: FleetService,
    private readonly fleet: FleetRepository,
    private readonly robots: RobotRepository,
    private readonly metadata: MetadataService,
  ) {}

  @Answers(ROBOTS_REQUESTS.list)
  list(query: FleetQuery): Observable<FleetPage> {
    return from(this.fleetService.list(query));
  }

  @Answers(ROBOTS_REQUESTS.get)
  async get({ robotId }: { robotId: string }): Promise<RobotDto> {
    const robot = await this.robots.find(robotId);
    if (!robot) throw robotNotFound(robotId);
    return robot;
  }

  @Answers(ROBOTS_REQUESTS.update)
  update({ robotId, update, by }: { robotId: string; update: RobotUpdate; by: string }): Promise<RobotDto> {
    return this.metadata.update(robotId, update, by);
  }

  @Answers(ROBOTS_REQUESTS.dispatchability)
  dispatchability({ robotIds }: { robotIds: readonly string[] }): Promise<readonly Dispatchability[]> {
    return this.robots.dispatchability(robotIds);
  }

  @Answers(ROBOTS_REQUESTS.idsByTag)
  idsByTag({ tag, limit }: { tag: string; limit: number }): Promise<readonly string[]> {
    return this.fleet.idsByTag(tag, limit);
  }
}
