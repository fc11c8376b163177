import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Forgets what belongs to logs that are no longer kept. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One page of each; answers whether there may be more. */
  async prune(before: Date, page: number): Promise<boolean> {
    const batches = await this.delete('access_log_batches', 'receivedAt', before, page);
    const requests = await this.delete('access_log_requests', 'createdAt', before, page);
    const unlocks = await this.delete('unlock_instances', 'createdAt', before, page);
    return [batches, requests, unlocks].includes(page);
  }

  private async delete(table: string, column: string, before: Date, page: number): Promise<number> {
    const [, count] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM "beacons"."${table}" WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM "beacons"."${table}" WHERE "${column}" < $1 LIMIT $2))`,
      [before, page],
    );
    return count;
  }
}
