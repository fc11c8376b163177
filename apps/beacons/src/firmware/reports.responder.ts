import { Controller } from '@nestjs/common';
import { FIRMWARE_REQUESTS, type FirmwareReport, type FirmwareReportDto } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { Outbox } from '#libs/outbox';
import { type ReportFilter, ReportRepository } from './report.repository.js';
import { ReportService } from './report.service.js';

/** Answers about updates of beacons. */
@Controller()
export class ReportsResponder {
  constructor(
    private readonly service: ReportService,
    private readonly repository: ReportRepository,
    private readonly outbox: Outbox,
  ) {}

  @Answers(FIRMWARE_REQUESTS.report)
  async report(asked: {
    entity_id: string;
    report: FirmwareReport;
  }): Promise<{ acknowledged: true; beacon_id: string }> {
    const { entity_id, report } = asked;
    await this.service.take({ ...report, entity_id });
    this.outbox.kick();
    return { acknowledged: true, beacon_id: report.beacon_id };
  }

  @Answers(FIRMWARE_REQUESTS.reports)
  reports(asked: ReportFilter): Promise<{ items: FirmwareReportDto[]; next: string | null }> {
    return this.repository.list(asked);
  }
}
