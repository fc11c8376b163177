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
}

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
