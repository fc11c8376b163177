import { Controller } from '@nestjs/common';
import { MusterError, type RobotReportDto, ROBOTS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { robotNotFound } from '../registry/robot-not-found.js';
import { RobotRepository } from '../registry/robot.repository.js';
import { StatusRepository } from './status.repository.js';

@Controller()
export class StatusResponder {
  constructor(
    private readonly robots: RobotRepository,
    private readonly statuses: StatusRepository,
  ) {}

  @Answers(ROBOTS_REQUESTS.status)
  async status({ robotId }: { robotId: string }): Promise<RobotReportDto> {
    const report = await this.statuses.latest(robotId);
    if (report) return report;
    if (!(await this.robots.exists(robotId))) throw robotNotFound(robotId);
    throw new MusterError('STATUS_NOT_FOUND', `Robot ${robotId} has not reported a status yet.`, { robotId });
  }
}
