import { Controller } from '@nestjs/common';
import { MusterError, type RobotReportDto, ROBOTS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { robotNotFound } from '../registry/robot-not-found.js';
import { RobotRepository } from '../registry/robot.repository.js';
import { CapabilityRepository } from './capability.repository.js';
import { type HistoryPage, type HistoryQuery, HistoryRepository } from './history.repository.js';
import { IdentityReader } from './identity.reader.js';

@Controller()
export class SnapshotsResponder {
  constructor(
    private readonly robots: RobotRepository,
    private readonly identities: IdentityReader,
    private readonly capabilities: CapabilityRepository,
    private readonly snapshots: HistoryRepository,
  ) {}

  @Answers(ROBOTS_REQUESTS.identity)
  async identity({ robotId }: { robotId: string }): Promise<RobotReportDto> {
    const report = await this.identities.latest(robotId);
    if (report) return report;
    await this.requireRobot(robotId);
    throw new MusterError('IDENTITY_NOT_FOUND', `Robot ${robotId} has not reported its identity yet.`, { robotId });
  }

  @Answers(ROBOTS_REQUESTS.capability)
  async capability({ robotId }: { robotId: string }): Promise<RobotReportDto> {
    const report = await this.capabilities.latest(robotId);
    if (report) return report;
    await this.requireRobot(robotId);
    throw new MusterError('CAPABILITY_NOT_FOUND', `Robot ${robotId} has not reported its capability yet.`, { robotId });
  }

  @Answers(ROBOTS_REQUESTS.history)
  async history(query: HistoryQuery): Promise<HistoryPage> {
    const page = await this.snapshots.page(query);
    if (page.items.length === 0) await this.requireRobot(query.robotId);
    return page;
  }

  private async requireRobot(robotId: string): Promise<void> {
    if (!(await this.robots.exists(robotId))) throw robotNotFound(robotId);
  }
}
