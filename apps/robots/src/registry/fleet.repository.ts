import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { FleetQuery, RobotDto } from '#libs/contracts';
import { type RobotRow, SELECT_ROBOTS, toRobotDto } from './robot.dto.js';
import { searchPattern } from './search-key.js';

/** Which robots are meant. */
export type FleetFilter = Pick<FleetQuery, 'tag' | 'presence' | 'text'>;

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The fleet as a list, in the order of robot ids. */
@Injectable()
export class FleetRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Robots after an id. */
  async list(filter: FleetFilter, after: string, limit: number): Promise<readonly RobotDto[]> {
    const { sql, parameters } = conditionOf(filter);
    const rows = await this.dataSource.query<readonly RobotRow[]>(
      `${SELECT_ROBOTS} WHERE ${sql} AND r."robotId" > $${parameters.length + 1}
       ORDER BY r."robotId" LIMIT $${parameters.length + 2}`,
      [...parameters, after, limit],
    );
    return rows.map(toRobotDto);
  }

  async count(filter: FleetFilter): Promise<number> {
    const { sql, parameters } = conditionOf(filter);
    const [row] = await this.dataSource.query<readonly { total: number }[]>(
      `SELECT count(*) AS "total" FROM "robots"."robots" r WHERE ${sql}`,
      [...parameters],
    );
    return row?.total ?? 0;
  }

  async idsByTag(tag: string, limit: number): Promise<readonly string[]> {
    const { sql, parameters } = conditionOf({ tag });
    const rows = await this.dataSource.query<readonly { robotId: string }[]>(
      `SELECT r."robotId" FROM "robots"."robots" r WHERE ${sql} ORDER BY r."robotId" LIMIT $2`,
      [...parameters, limit],
    );
    return rows.map(({ robotId }) => robotId);
  }
}

function conditionOf({ tag, presence, text }: FleetFilter): Condition {
  const parts = ['TRUE'];
  const parameters: unknown[] = [];
  if (tag !== undefined) {
    parts.push(`r."tagsJson" @> $${parameters.push(JSON.stringify([tag]))}::jsonb`);
  }
  if (presence !== undefined) {
    parts.push(`r."presence" = $${parameters.push(presence)}`);
  }
  if (text !== undefined && text !== '') {
    const pattern = `$${parameters.push(searchPattern(text))}`;
    parts.push(`(r."nameKey" LIKE ${pattern} OR r."identityKey" LIKE ${pattern})`);
  }
  return { sql: parts.join(' AND '), parameters };
}
