import type { Provider } from '@nestjs/common';
import { CandidateRepository } from './candidate.repository.js';
import { RolloutAdmission } from './rollout.admission.js';
import { RolloutDryRun } from './rollout.dry-run.js';
import { RolloutGate, RolloutReports, RolloutStarter } from './rollout.gate.js';
import { RolloutPreparer } from './rollout.preparer.js';
import { RolloutReader } from './rollout.reader.js';
import { RolloutReportRecorder } from './rollout.reports.js';
import { RolloutRepository } from './rollout.repository.js';
import { RolloutReverter } from './rollout.reverter.js';
import { RolloutService } from './rollout.service.js';
import { ReleaseRollouts } from './rollout.starter.js';
import { RolloutSteps } from './rollout.steps.js';
import { RolloutSweeper } from './rollout.sweeper.js';
import { RolloutDeviceRepository } from './rollout-device.repository.js';

/** Rollouts: what firmware asks of them, what people decide, and what runs by itself. */
export const ROLLOUTS: Provider[] = [
  { provide: RolloutGate, useClass: RolloutAdmission },
  { provide: RolloutReports, useClass: RolloutReportRecorder },
  { provide: RolloutStarter, useClass: ReleaseRollouts },
  RolloutService,
  RolloutReader,
  RolloutDryRun,
  RolloutSweeper,
  RolloutSteps,
  RolloutPreparer,
  RolloutReverter,
  RolloutRepository,
  RolloutDeviceRepository,
  CandidateRepository,
];
