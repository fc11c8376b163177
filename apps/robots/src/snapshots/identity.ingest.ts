import { Controller } from '@nestjs/common';
import { CONSUMERS, ROBOT_MESSAGES } from '#libs/contracts';
import { type InboundOf, Ingest } from '#libs/jetstream';
import { IntroductionSweeper } from '../introductions/introduction.sweeper.js';
import { Registrar } from '../registry/registrar.js';
import { RobotPublisher } from '../robot.publisher.js';
import { IdentityReader } from './identity.reader.js';
import { storeIdentity, summaryOf } from './identity.repository.js';
import { toReport } from './report.js';

@Controller()
export class IdentityIngest {
  constructor(
    private readonly registrar: Registrar,
    private readonly identities: IdentityReader,
    private readonly publisher: RobotPublisher,
    private readonly introductions: IntroductionSweeper,
  ) {}

  @Ingest({ consumer: CONSUMERS.identityIngest, message: ROBOT_MESSAGES.identity, concurrency: 4 })
  async identity(message: InboundOf<typeof ROBOT_MESSAGES.identity>): Promise<void> {
    const report = toReport(message);
    const outcome = await this.registrar.recordInTurn(message, (tx) => storeIdentity(tx, report));
    if (outcome === 'outdated') return;
    this.identities.changed(report.robotId);
    this.introductions.consider([report.robotId]);
    await this.publisher.reported('identityUpdated', { report, more: { identity: summaryOf(report.payload) } });
  }
}
