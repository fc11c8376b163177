import { Injectable } from '@nestjs/common';
import {
  type ChangesPart,
  type ChangesPartQuery,
  type DeltaQuery,
  type DeltaStart,
  type FullSyncStart,
  MusterError,
  type RecordsPart,
  type RecordsPartQuery,
  type SyncChecksumDto,
  type SyncChecksumQuery,
} from '#libs/contracts';
import { type Head, HeadRepository, type History } from './head.repository.js';
import { SumRepository } from './sum.repository.js';
import { fromCursor, type SyncPosition, toCursor } from './sync.cursor.js';
import { checksumMismatch, historyExpired } from './sync.errors.js';
import { VersionRepository } from './version.repository.js';
import { toChangeJson, toRecordJson } from './wire.text.js';

/** A walk that has its end. */
type Walk = Required<SyncPosition>;

/** Records that are read at once; a reply's size limit is mostly reached first. */
const RECORDS_AT_ONCE = 1_000;

/** Gives an orchestrator the state of its mall, or what changed in it, all pages on one head. */
@Injectable()
export class SyncService {
  constructor(
    private readonly heads: HeadRepository,
    private readonly sums: SumRepository,
    private readonly versions: VersionRepository,
  ) {}

  async checksum({ entity_id, local_checksum }: SyncChecksumQuery): Promise<SyncChecksumDto> {
    const { changeSeq, at } = await this.heads.settled(entity_id);
    const checksums = await this.sums.globalAt(entity_id, changeSeq);
    const matches = local_checksum === undefined ? {} : { matches: isSame(local_checksum, checksums.global) };
    return { entity_id, timestamp: at.toISOString(), checksums, ...matches };
  }

  async startFull(entityId: string): Promise<FullSyncStart> {
    const { changeSeq, cursorKey, at } = await this.heads.settled(entityId);
    const { checksums, totals } = await this.sums.at(entityId, changeSeq);
    const cursor = toCursor({ baseSeq: changeSeq, atSeq: changeSeq }, cursorKey);
    return { entity_id: entityId, timestamp: at.toISOString(), checksum: checksums.global, totals, cursor };
  }

  async records({ entity_id, cursor, collection, format, after = '' }: RecordsPartQuery): Promise<RecordsPart> {
    const seq = (await this.positionOf(entity_id, cursor)).atSeq;
    const query = { entityId: entity_id, collection, seq, after, limit: RECORDS_AT_ONCE };
    const { rows, hasMore } = await this.versions.stateAt(query);
    return {
      records: rows.map((row) => toRecordJson(row, format)).join(','),
      count: rows.length,
      next: hasMore ? (rows.at(-1)?.recordId ?? null) : null,
    };
  }

  /** @throws MusterError `SYNC_HISTORY_EXPIRED`, `SYNC_CHECKSUM_MISMATCH`, `CURSOR_INVALID`, `VALIDATION_FAILED` */
  async startDelta({ entity_id, since, cursor, local_checksum }: DeltaQuery): Promise<DeltaStart> {
    const head = await this.heads.settled(entity_id);
    const walk = withHead(await this.startOf({ entity_id, since, cursor }, head), head);
    const [base, end] = await Promise.all([
      this.sums.globalAt(entity_id, walk.baseSeq),
      this.sums.globalAt(entity_id, walk.head.seq),
    ]);
    if (local_checksum !== undefined && !isSame(local_checksum, base.global) && !isSame(local_checksum, end.global)) {
      await this.requireSumAt(entity_id, walk.atSeq, local_checksum);
    }
    return {
      entity_id,
      timestamp: new Date(walk.head.atMs).toISOString(),
      base_checksum: base.global,
      new_checksum: end.global,
      cursor: toCursor(walk, head.cursorKey),
    };
  }

  async changes({ entity_id, cursor, limit }: ChangesPartQuery): Promise<ChangesPart> {
    const history = await this.heads.history(entity_id);
    const position = stillKnown(entity_id, fromCursor(cursor, history.cursorKey), history);
    const { head } = position;
    if (!head) throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a walk that has begun.');
    const range = { entityId: entity_id, fromSeq: position.atSeq, toSeq: head.seq, limit };
    const { rows, hasMore } = await this.versions.changes(range);
    const atSeq = rows.at(-1)?.fromSeq ?? head.seq;
    const next = hasMore ? { ...position, atSeq } : { baseSeq: atSeq, atSeq };
    return {
      changes: rows.map(toChangeJson).join(','),
      count: rows.length,
      has_more: hasMore,
      cursor: toCursor(next, history.cursorKey),
    };
  }

  /** Whoever takes a walk page by page may have applied the pages before this one already. */
  private async requireSumAt(entityId: string, seq: number, local: string): Promise<void> {
    const { global } = await this.sums.globalAt(entityId, seq);
    if (!isSame(local, global)) throw checksumMismatch(local, global);
  }

  private async positionOf(entityId: string, cursor: string): Promise<SyncPosition> {
    const history = await this.heads.history(entityId);
    return stillKnown(entityId, fromCursor(cursor, history.cursorKey), history);
  }

  private async startOf({ entity_id, since, cursor }: DeltaQuery, head: Head): Promise<SyncPosition> {
    if (cursor !== undefined) return stillKnown(entity_id, fromCursor(cursor, head.cursorKey), head);
    if (since === undefined) throw new MusterError('VALIDATION_FAILED', 'A delta needs since or cursor.');
    const instant = new Date(since);
    if (head.expiredAt && instant < head.expiredAt) throw historyExpired(entity_id);
    const seq = await this.versions.seqAt(entity_id, instant, head.changeSeq);
    return stillKnown(entity_id, { baseSeq: seq, atSeq: seq }, head);
  }
}

/** A walk that goes on keeps its end; one that begins ends where the entity stands now. */
function withHead(position: SyncPosition, { changeSeq, at }: Head): Walk {
  return { ...position, head: position.head ?? { seq: changeSeq, atMs: at.getTime() } };
}

/** @throws MusterError `SYNC_HISTORY_EXPIRED` when changes after the position are forgotten already. */
function stillKnown(entityId: string, position: SyncPosition, { expiredSeq }: History): SyncPosition {
  if (position.baseSeq < expiredSeq) throw historyExpired(entityId);
  return position;
}

/** Hexadecimal digits may be of either case, and the prefix may be missing. */
function isSame(local: string, global: string): boolean {
  return (
    `sha256:${local
      .trim()
      .toLowerCase()
      .replace(/^sha256:/, '')}` === global
  );
}
