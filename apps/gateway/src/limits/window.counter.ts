import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MicroBatch, poolOf, unnest } from '#libs/database';

/** A statement that hangs holds up every request that comes after it. */
const ANSWER_TIMEOUT_MS = 5_000;

/** One request that counts in a window of a caller. */
export interface Count {
  /** Of the caller and of the limit. */
  readonly key: string;
  readonly windowMs: number;
}

/** Where the caller stood when its request had been counted. */
export interface Counted {
  /** Requests in the window, with this one. */
  readonly consumed: number;
  readonly endsAtMs: number;
}

/** Requests of one key that came together. */
interface Group extends Count {
  count: number;
}

interface CountRow {
  readonly key: string;
  readonly points: number;
  readonly expire: number;
}

/**
 * Counts requests in the table that all replicas share. What comes while a statement runs is the next statement: a caller in
 * a hurry is a sum in one row and no queue for its lock. Each request has a place of its own in the sum, so limits are exact.
 */
@Injectable()
export class WindowCounter {
  private readonly counts = new MicroBatch<Count, Counted>({
    name: 'request_counts',
    maxWaitMs: 0,
    // Two statements would wait for each other's rows.
    maxConcurrency: 1,
    run: (counts) => this.store(counts),
  });

  constructor(private readonly dataSource: DataSource) {}

  /** Counts one request, also one that is too many; a window begins with its first request. */
  add(count: Count): Promise<Counted> {
    return this.counts.add(count);
  }

  private async store(counts: readonly Count[]): Promise<readonly Counted[]> {
    const groups = groupsOf(counts);
    const nowMs = Date.now();
    const sums = unnest([...groups.values()], {
      key: { type: 'text', value: ({ key }) => key },
      points: { type: 'int4', value: ({ count }) => count },
      expire: { type: 'int8', value: ({ windowMs }) => nowMs + windowMs },
    });
    const values = [...sums.parameters, nowMs];
    const statement = { name: 'request_counts', text: ADD(sums.sql), values, query_timeout: ANSWER_TIMEOUT_MS };
    const { rows } = await poolOf(this.dataSource).query<CountRow>(statement);
    const places = new Map(rows.map((row) => [row.key, placesOf(row, groups.get(row.key)?.count ?? 0)]));
    return counts.map(({ key }) => takePlace(key, places));
  }
}

/** In the order of their keys, so that the statements of two replicas wait for each other and never for ever. */
const ADD = (sums: string): string => `
  INSERT INTO "auth"."rateLimits" AS known ("key", "points", "expire")
  SELECT r."key", r."points", r."expire" FROM ${sums} ORDER BY r."key"
  ON CONFLICT ("key") DO UPDATE SET
    "points" = CASE WHEN known."expire" <= $4 THEN EXCLUDED."points" ELSE known."points" + EXCLUDED."points" END,
    "expire" = CASE WHEN known."expire" <= $4 THEN EXCLUDED."expire" ELSE known."expire" END
  RETURNING "key", "points", "expire"`;

function groupsOf(counts: readonly Count[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { key, windowMs } of counts) {
    const group = groups.get(key) ?? { key, windowMs, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return groups;
}

/** The sum as it was after each request of a group. */
function placesOf({ points, expire }: CountRow, count: number): Iterator<Counted> {
  const places = Array.from({ length: count }, (_, index) => points - count + index + 1);
  return places.map((consumed) => ({ consumed, endsAtMs: expire })).values();
}

function takePlace(key: string, places: ReadonlyMap<string, Iterator<Counted>>): Counted {
  const next = places.get(key)?.next();
  if (next === undefined || next.done) throw new Error('A request was not counted.');
  return next.value;
}
