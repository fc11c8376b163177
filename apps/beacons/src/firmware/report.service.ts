import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { DeviceRow } from '../devices/device.row.js';
import { lockBeacon, setFirmwareVersion } from '../devices/firmware.version.js';
import { RolloutReports } from '../rollouts/rollout.gate.js';
import { attemptAfter } from './attempt.machine.js';
import { CacheService } from './cache.service.js';
import { type Received, ReportRepository } from './report.repository.js';

/** Takes what orchestrators report about updates. */
@Injectable()
export class ReportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reports: ReportRepository,
    private readonly rollouts: RolloutReports,
    private readonly caches: CacheService,
  ) {}

  /**
   * Keeps a report; one that moves its attempt on sets what the beacon runs. What is repeated or late changes nothing.
   * @throws MusterError `FIRMWARE_NOT_FOUND`, `BEACON_NOT_REGISTERED`
   */
  async take(report: Received): Promise<void> {
    const { entity_id: entityId, beacon_id: beaconId, firmware_id } = report;
    const { version } = await this.caches.file(firmware_id, { entity_id: entityId, sees_all: false });
    await this.dataSource.transaction(async (tx) => {
      const beacon = await lockBeacon(tx, { entityId, beaconId });
      await this.apply(tx, report, { beacon, released: version });
    });
  }

  private async apply(
    tx: EntityManager,
    report: Received,
    { beacon, released }: { readonly beacon: DeviceRow; readonly released: string | null },
  ): Promise<void> {
    const before = await this.reports.attempt(tx, report);
    const after = attemptAfter(before, { status: report.status, atMs: Date.parse(report.updated_at) });
    const attempt = (after ?? before)?.number ?? 1;
    const stored = await this.reports.add(tx, report, { attempt, applied: after !== undefined });
    if (!stored || !after) return;
    const known = after.number === before?.number ? before.previousVersion : null;
    const previousVersion = report.previous_version ?? known;
    await this.reports.storeAttempt(tx, report, { ...after, previousVersion });
    const version = runningAfter(report, { released, previousVersion });
    if (version !== null) await setFirmwareVersion(tx, beacon, version);
    await this.rollouts.record(tx, stored);
  }
}

/** What the beacon runs after a report; null when the report does not say. */
function runningAfter(
  { status, error, new_version }: Received,
  known: { readonly released: string | null; readonly previousVersion: string | null },
): string | null {
  if (status === 'success') return new_version ?? known.released;
  // A firmware that does not boot is taken back by the boot loader (4.4).
  const isTakenBack = status === 'rolled_back' || (status === 'failed' && error === 'boot_failed');
  return isTakenBack ? known.previousVersion : null;
}
