import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type ChangedIds, COLLECTIONS } from '#libs/contracts';
import { Announcer } from './announcer.js';
import { type EntityRow, lockEntity } from '../entities/entity.repository.js';
import {
  type ChangeOutcome,
  type ChangeStamp,
  planChanges,
  type RecordChange,
  type RecordVersion,
} from './record.changes.js';
import { readPresent, storeVersions } from './record.versions.js';

/** Writes changes of records: versions, their numbers and their announcement in one transaction. */
@Injectable()
export class RecordWriter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly announcer: Announcer,
  ) {}

  /**
   * Carries wishes out in their order, all in one transaction, together with what `also` does in it; answers what became of
   * each. @throws MusterError `ENTITY_NOT_FOUND`
   */
  async write(
    entityId: string,
    changes: readonly RecordChange[],
    also?: (tx: EntityManager, outcomes: readonly ChangeOutcome[]) => Promise<void>,
  ): Promise<readonly ChangeOutcome[]> {
    const outcomes = await this.dataSource.transaction(async (tx) => {
      const done = await applyChanges(tx, entityId, changes);
      await also?.(tx, done);
      return done;
    });
    this.announcer.kick();
    return outcomes;
  }
}

async function applyChanges(
  tx: EntityManager,
  entityId: string,
  changes: readonly RecordChange[],
): Promise<readonly ChangeOutcome[]> {
  const entity = await lockEntity(tx, entityId);
  const present = await readPresent(tx, entityId, changes);
  const stamp = await stampOf(tx, entity);
  const { outcomes, versions } = planChanges(present, changes, stamp);
  if (versions.length > 0) {
    await storeVersions(tx, entityId, versions, stamp);
    await advance(tx, entityId, { seq: stamp.seq + versions.length, changedAt: stamp.changedAt });
    await announce(tx, entityId, versions, stamp);
  }
  return outcomes;
}

/** The clock is read while the entity is held: an instant from before would be older than what a reader has seen. */
async function stampOf(tx: EntityManager, { changeSeq, changedAt }: EntityRow): Promise<ChangeStamp> {
  const [clock] = await tx.query<readonly { now: Date }[]>(`SELECT clock_timestamp() AS "now"`);
  const nowMs = Math.max(clock?.now.getTime() ?? 0, changedAt.getTime() + 1);
  return { seq: changeSeq, changedAt: new Date(nowMs).toISOString() };
}

async function advance(tx: EntityManager, entityId: string, { seq, changedAt }: ChangeStamp): Promise<void> {
  await tx.query(`UPDATE "orchestrators"."entities" SET "changeSeq" = $2, "changedAt" = $3 WHERE "entityId" = $1`, [
    entityId,
    seq,
    changedAt,
  ]);
}

async function announce(
  tx: EntityManager,
  entityId: string,
  versions: readonly RecordVersion[],
  { seq, changedAt }: ChangeStamp,
): Promise<void> {
  await tx.query(
    `INSERT INTO "orchestrators"."announcements" ("entityId", "seq", "changedAt", "changesJson")
     VALUES ($1, $2, $3, $4::json)`,
    [entityId, seq + versions.length, changedAt, JSON.stringify(idsOf(versions))],
  );
}

function idsOf(versions: readonly RecordVersion[]): ChangedIds {
  const of = (name: string): string[] => [
    ...new Set(versions.filter(({ collection }) => collection === name).map(({ id }) => id)),
  ];
  const [areas, beacons, connections, merchants] = COLLECTIONS.map(of);
  return { areas: areas ?? [], beacons: beacons ?? [], merchants: merchants ?? [], connections: connections ?? [] };
}
