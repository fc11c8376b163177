import { Controller } from '@nestjs/common';
import { CONSUMERS, ROBOT_MESSAGES } from '#libs/contracts';
import { type InboundOf, Ingest } from '#libs/jetstream';
import { Registrar } from '../registry/registrar.js';
import { RobotPublisher } from '../robot.publisher.js';
import { toReport } from '../snapshots/report.js';
import { storeReported } from './reported.repository.js';

@Controller()
export class ReportedIngest {
  constructor(
    private readonly registrar: Registrar,
    private readonly publisher: RobotPublisher,
  ) {}

  @Ingest({ consumer: CONSUMERS.settingsReportedIngest, message: ROBOT_MESSAGES.settingsReported, concurrency: 4 })
  async reported(message: InboundOf<typeof ROBOT_MESSAGES.settingsReported>): Promise<void> {
    const report = toReport(message);
    const outcome = await this.registrar.recordInTurn(message, (tx) => storeReported(tx, report));
    if (outcome === 'outdated') return;
    await this.publisher.reported('settingsUpdated', { report });
  }
}
