import { Controller } from '@nestjs/common';
import {
  type JsonObject,
  MusterError,
  type RobotReportDto,
  ROBOTS_REQUESTS,
  type SettingsDeltaDto,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { robotNotFound } from '../registry/robot-not-found.js';
import { RobotRepository } from '../registry/robot.repository.js';
import { DesiredRepository } from './desired.repository.js';
import { DesiredService } from './desired.service.js';
import { ReportedRepository } from './reported.repository.js';
import { settingsDelta } from './settings.delta.js';

@Controller()
export class SettingsResponder {
  constructor(
    private readonly robots: RobotRepository,
    private readonly desiredSettings: DesiredService,
    private readonly desired: DesiredRepository,
    private readonly reported: ReportedRepository,
  ) {}

  @Answers(ROBOTS_REQUESTS.setDesired)
  async setDesired(request: { robotId: string; payload: JsonObject; by: string }): Promise<{ ok: true }> {
    await this.desiredSettings.set(request);
    return { ok: true };
  }

  @Answers(ROBOTS_REQUESTS.settingsReported)
  async settingsReported({ robotId }: { robotId: string }): Promise<RobotReportDto> {
    const report = await this.reported.latest(robotId);
    if (report) return report;
    await this.requireRobot(robotId);
    throw new MusterError('SETTINGS_NOT_FOUND', `Robot ${robotId} has not reported settings yet.`, { robotId });
  }

  @Answers(ROBOTS_REQUESTS.settingsDelta)
  async settingsDelta({ robotId }: { robotId: string }): Promise<SettingsDeltaDto> {
    const [desired, reported] = await Promise.all([this.desired.find(robotId), this.reported.latest(robotId)]);
    if (!desired && !reported) await this.requireRobot(robotId);
    const delta = settingsDelta(desired?.payload ?? {}, reported?.payload ?? {});
    return {
      robotId,
      desired: desired?.payload ?? null,
      desiredAt: desired?.requestedAt.toISOString() ?? null,
      desiredVersion: desired?.version ?? 0,
      reported: reported?.payload ?? null,
      reportedAt: reported?.receivedAt ?? null,
      delta,
      inSync: Object.keys(delta).length === 0,
    };
  }

  private async requireRobot(robotId: string): Promise<void> {
    if (!(await this.robots.exists(robotId))) throw robotNotFound(robotId);
  }
}
