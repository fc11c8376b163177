import { Injectable } from '@nestjs/common';
import { AccessLogRepository, type Stored, type Upload } from './access-log.repository.js';
import { type Month, monthsOf } from './month.calendar.js';
import { isMissingPartition, PartitionRepository } from './partition.repository.js';

/** Gets access logs into their months. */
@Injectable()
export class LogShelf {
  constructor(
    private readonly logs: AccessLogRepository,
    private readonly partitions: PartitionRepository,
  ) {}

  async store(uploads: readonly Upload[]): Promise<readonly (Stored | Error)[]> {
    const months = monthsOf(uploads.flatMap(({ batch }) => batch.logs.map((log) => log.at_ms)));
    await this.partitions.ensure(months);
    try {
      return await this.logs.store(uploads);
    } catch (error) {
      if (!isMissingPartition(error)) throw error;
      return this.storeAnew(uploads, months);
    }
  }

  private async storeAnew(uploads: readonly Upload[], months: readonly Month[]): Promise<readonly (Stored | Error)[]> {
    this.partitions.forget();
    await this.partitions.ensure(months);
    return this.logs.store(uploads);
  }
}
