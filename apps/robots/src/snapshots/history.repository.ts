import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MAX_REPLY_BYTES, MusterError, type SnapshotDto } from '#libs/contracts';
import { CapabilitySnapshot, IdentitySnapshot, toSnapshotDto } from './snapshot.entity.js';

export interface HistoryQuery {
  readonly robotId: string;
  readonly kind: 'identity' | 'capability';
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface HistoryPage {
  readonly items: SnapshotDto[];
  readonly next: string | null;
}

/** Later than any position. */
const START = { epochMs: Number.MAX_SAFE_INTEGER, sequence: Number.MAX_SAFE_INTEGER } as const;
const LOCK = 'muster.robots.snapshots';
const CURSOR = /^(\d{1,15})-(\d{1,15})$/;

/** Snapshots of one robot, newest first; a page ends early where it would not fit into one reply. */
@Injectable()
export class HistoryRepository {
  constructor(private readonly dataSource: DataSource) {}

  async page({ robotId, kind, limit, after }: HistoryQuery): Promise<HistoryPage> {
    const { epochMs, sequence } = after === undefined ? START : parseCursor(after);
    const entity = kind === 'identity' ? IdentitySnapshot : CapabilitySnapshot;
    const snapshots = await this.dataSource.manager
      .createQueryBuilder<IdentitySnapshot | CapabilitySnapshot>(entity, 's')
      .where('s.robotId = :robotId', { robotId })
      .andWhere('(s.streamEpochMs, s.streamSequence) < (:epochMs, :sequence)', { epochMs, sequence })
      .orderBy('s.streamEpochMs', 'DESC')
      .addOrderBy('s.streamSequence', 'DESC')
      .take(limit + 1)
      .getMany();
    const fitting = whatFits(snapshots.slice(0, limit));
    const last = fitting.at(-1);
    const hasMore = snapshots.length > fitting.length;
    return {
      items: fitting.map(toSnapshotDto),
      next: hasMore && last ? `${last.streamEpochMs}-${last.streamSequence}` : null,
    };
  }

  async robotsAfter(robotId: string, limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource.query<readonly { robotId: string }[]>(
      `SELECT "robotId" FROM "robots"."robots" WHERE "robotId" > $1 ORDER BY "robotId" LIMIT $2`,
      [robotId, limit],
    );
    return rows.map((row) => row.robotId);
  }

  /** Forgets all but the newest `kept` snapshots of each kind. One replica at a time: the same rows would be in each's way. */
  async keepNewest(robotIds: readonly string[], kept: number): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const [lock] = await tx.query<readonly { free: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "free"`,
        [LOCK],
      );
      if (!lock?.free) return;
      for (const table of TABLES) await tx.query(KEEP_NEWEST(table), [robotIds, kept]);
    });
  }
}

const TABLES = ['robot_identity_snapshots', 'robot_capability_snapshots'] as const;

const KEEP_NEWEST = (table: (typeof TABLES)[number]): string => `
  DELETE FROM "robots"."${table}" s USING (
    SELECT old."snapshotId" FROM unnest($1::text[]) AS r("robotId"), LATERAL (
      SELECT o."snapshotId" FROM "robots"."${table}" o WHERE o."robotId" = r."robotId"
      ORDER BY o."streamEpochMs" DESC, o."streamSequence" DESC OFFSET $2) old) gone
  WHERE s."snapshotId" = gone."snapshotId"`;

function parseCursor(after: string): { epochMs: number; sequence: number } {
  const [, epochMs, sequence] = CURSOR.exec(after) ?? [];
  if (epochMs === undefined) {
    throw new MusterError('CURSOR_INVALID', 'The cursor is not one that this list gave out.', { after });
  }
  return { epochMs: Number(epochMs), sequence: Number(sequence) };
}

function whatFits<S extends IdentitySnapshot | CapabilitySnapshot>(snapshots: readonly S[]): readonly S[] {
  let sizeBytes = 0;
  const end = snapshots.findIndex((snapshot, index) => {
    sizeBytes += Buffer.byteLength(JSON.stringify(snapshot.receivedJson));
    return index > 0 && sizeBytes > MAX_REPLY_BYTES;
  });
  return end === -1 ? snapshots : snapshots.slice(0, end);
}
