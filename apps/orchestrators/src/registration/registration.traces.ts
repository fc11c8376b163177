import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What registrations leave behind: signatures whose timestamps make them useless, and keys of repeats. */
@Injectable()
export class RegistrationTraces {
  constructor(private readonly dataSource: DataSource) {}

  /** Drops at most `max` of each; answers whether there may be more. */
  async forget(max: number): Promise<boolean> {
    const dropped = [
      await this.drop('accepted_signatures', `"forgetAt" < now()`, max),
      await this.drop('registration_keys', `"usedAt" < now() - interval '1 day'`, max),
    ];
    return dropped.some((count) => count === max);
  }

  private async drop(table: string, condition: string, max: number): Promise<number> {
    const [, count] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM "orchestrators"."${table}" WHERE ctid IN (
         SELECT ctid FROM "orchestrators"."${table}" WHERE ${condition} LIMIT $1)`,
      [max],
    );
    return count;
  }
}
