import { Injectable } from '@nestjs/common';
import {
  type FleetPage,
  type FleetQuery,
  isRobotId,
  MAX_REPLY_BYTES,
  MusterError,
  type RobotDto,
} from '#libs/contracts';
import { FleetRepository } from './fleet.repository.js';

const ROWS_PER_QUERY = 200;

/** Lists the fleet in parts that fit into one reply, in constant memory. */
@Injectable()
export class FleetService {
  constructor(private readonly fleet: FleetRepository) {}

  /** `next` is on the last part: the id to go on after, or null at the end of the fleet. */
  async *list(query: FleetQuery): AsyncGenerator<FleetPage> {
    let after = startOf(query);
    let wanted = query.limit;
    const [total, firstRows] = await Promise.all([this.fleet.count(query), this.rows(query, after, wanted)]);
    for (let rows = firstRows; ; rows = await this.rows(query, after, wanted)) {
      const robots = rows.slice(0, Math.min(wanted, ROWS_PER_QUERY));
      const more = rows.length > robots.length;
      wanted -= robots.length;
      after = robots.at(-1)?.robotId ?? after;
      const last = !more || wanted === 0;
      const parts = inParts(robots);
      for (const [index, part] of parts.entries()) {
        yield { robots: part, total, next: last && more && index === parts.length - 1 ? after : null };
      }
      if (last) return;
    }
  }

  /** One more than wanted tells whether there is a next page. */
  private rows(query: FleetQuery, after: string, wanted: number): Promise<readonly RobotDto[]> {
    return this.fleet.list(query, after, Math.min(wanted, ROWS_PER_QUERY) + 1);
  }
}

function startOf({ after }: FleetQuery): string {
  if (after === undefined) return '';
  if (isRobotId(after)) return after;
  throw new MusterError('CURSOR_INVALID', 'The cursor is not one that this list gave out.', { after });
}

/** At least one part, each as many robots as fit. */
function inParts(robots: readonly RobotDto[]): readonly (readonly RobotDto[])[] {
  const parts: RobotDto[][] = [[]];
  let sizeBytes = 0;
  for (const robot of robots) {
    const robotBytes = Buffer.byteLength(JSON.stringify(robot)) + 1;
    if (sizeBytes > 0 && sizeBytes + robotBytes > MAX_REPLY_BYTES) {
      parts.push([]);
      sizeBytes = 0;
    }
    parts.at(-1)?.push(robot);
    sizeBytes += robotBytes;
  }
  return parts;
}
