import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { entityNotFound } from '../entities/entity-not-found.js';

/** What there is to know of an entity's history before it is read. */
export interface History {
  /** Seals the entity's cursors. */
  readonly cursorKey: Buffer;
  readonly changeSeq: number;
  /** The highest change that is forgotten, and when it was made. */
  readonly expiredSeq: number;
  readonly expiredAt: Date | null;
}

/** A history and the instant up to which it is complete: every later change has a later one. */
export interface Head extends History {
  readonly at: Date;
}

const COLUMNS = '"cursorKey", "changeSeq", "expiredSeq", "expiredAt"';

/** Where an entity's changes stand. */
@Injectable()
export class HeadRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Waits for whoever changes the entity's records just now. A writer that comes next reads its clock after that, so what
   * it writes is later than a millisecond before ours. The lock is all that is written: its commit need not reach the disk.
   * @throws MusterError `ENTITY_NOT_FOUND`
   */
  async settled(entityId: string): Promise<Head> {
    const [row] = await this.dataSource.query<readonly Head[]>(
      `SELECT ${COLUMNS},
         greatest("changedAt", date_trunc('milliseconds', clock_timestamp()) - interval '1 millisecond') AS "at"
       FROM "orchestrators"."entities", set_config('synchronous_commit', 'off', true)
       WHERE "entityId" = $1 FOR SHARE OF "entities"`,
      [entityId],
    );
    if (!row) throw entityNotFound(entityId);
    return row;
  }

  /** @throws MusterError `ENTITY_NOT_FOUND` */
  async history(entityId: string): Promise<History> {
    const [row] = await this.dataSource.query<readonly History[]>(
      `SELECT ${COLUMNS} FROM "orchestrators"."entities" WHERE "entityId" = $1`,
      [entityId],
    );
    if (!row) throw entityNotFound(entityId);
    return row;
  }
}
