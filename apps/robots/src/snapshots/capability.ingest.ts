import { Controller } from '@nestjs/common';
import { CONSUMERS, ROBOT_MESSAGES } from '#libs/contracts';
import { type InboundOf, Ingest } from '#libs/jetstream';
import { Registrar } from '../registry/registrar.js';
import { RobotPublisher } from '../robot.publisher.js';
import { storeCapability } from './capability.repository.js';
import { toReport } from './report.js';

@Controller()
export class CapabilityIngest {
  constructor(
    private readonly registrar: Registrar,
    private readonly publisher: RobotPublisher,
  ) {}

  @Ingest({ consumer: CONSUMERS.capabilityIngest, message: ROBOT_MESSAGES.capability, concurrency: 4 })
  async capability(message: InboundOf<typeof ROBOT_MESSAGES.capability>): Promise<void> {
    const report = toReport(message);
    const { outcome, firmwareVersion } = await this.registrar.recordInTurn(message, (tx) =>
      storeCapability(tx, report),
    );
    if (outcome === 'outdated') return;
    const { contentHash } = report;
    await this.publisher.reported('capabilityUpdated', { report, more: { contentHash, firmwareVersion } });
  }
}
