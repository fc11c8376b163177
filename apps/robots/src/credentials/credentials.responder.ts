import { Controller } from '@nestjs/common';
import {
  type DeviceCredentialsDto,
  inboxPrefixOf,
  requireRobotId,
  robotConsumers,
  ROBOTS_REQUESTS,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { PlatformConfig } from '#libs/platform';
import { RobotsSettings } from '../robots.settings.js';
import { CredentialService } from './credential.service.js';
import { RevocationSweeper } from './revocation.sweeper.js';

interface CredentialsRequest {
  readonly robotId: string;
  readonly by: string;
}

@Controller()
export class CredentialsResponder {
  constructor(
    private readonly credentials: CredentialService,
    private readonly revocations: RevocationSweeper,
    private readonly settings: RobotsSettings,
    private readonly config: PlatformConfig,
  ) {}

  @Answers(ROBOTS_REQUESTS.enrol)
  async enrol({ robotId }: Pick<CredentialsRequest, 'robotId'>): Promise<{ ok: true }> {
    await this.credentials.enrol(requireRobotId(robotId));
    return { ok: true };
  }

  @Answers(ROBOTS_REQUESTS.issueCredentials)
  async issue({ robotId, by }: CredentialsRequest): Promise<DeviceCredentialsDto> {
    const { commands, settings } = robotConsumers(requireRobotId(robotId));
    const { creds, issuedAt } = await this.credentials.issue(robotId, by);
    const { deviceUrls } = this.settings;
    return {
      robotId,
      creds,
      urls: deviceUrls.length > 0 ? deviceUrls : this.config.brokerUrl.split(','),
      inboxPrefix: inboxPrefixOf(robotId),
      stream: commands.stream,
      consumer: commands.durable,
      settingsConsumer: settings.durable,
      issuedAt: issuedAt.toISOString(),
    };
  }

  @Answers(ROBOTS_REQUESTS.revokeCredentials)
  async revoke({ robotId, by }: CredentialsRequest): Promise<{ revoked: number }> {
    const revoked = await this.credentials.revoke(robotId, by);
    await this.revocations.pushNow();
    return { revoked };
  }
}
