import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { orchestratorEventSubject } from '#libs/contracts';
import { supersede } from '../orchestrators.outbox.js';

/** An entity that was deleted. */
export interface Departure {
  readonly entityId: string;
  readonly departedAt: Date;
  /** What is older belonged to it; what is younger, to an entity that was made anew under its id. */
  readonly before: Date;
  /** Whether others were told; only then there may be such an entity again. */
  readonly isTold: boolean;
}

const SELECT_DEPARTURES = `
  SELECT d."entityId", d."departedAt", coalesce(e."createdAt", now()) AS "before", d."toldAt" IS NOT NULL AS "isTold"
  FROM "orchestrators"."departures" d LEFT JOIN "orchestrators"."entities" e ON e."entityId" = d."entityId"`;

/** Deletes entities, and remembers of which ones others must still be told. */
@Injectable()
export class DepartureRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Deletes an entity with all that it holds here, and what it was not told yet; false when there is none. */
  depart(entityId: string): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const rows = await tx.query<readonly unknown[]>(
        `WITH gone AS (DELETE FROM "orchestrators"."entities" WHERE "entityId" = $1 RETURNING "entityId")
         INSERT INTO "orchestrators"."departures" ("entityId") SELECT "entityId" FROM gone
         ON CONFLICT ("entityId") DO UPDATE SET "departedAt" = now(), "toldAt" = NULL RETURNING 1`,
        [entityId],
      );
      await supersede(tx, orchestratorEventSubject(entityId));
      return rows.length > 0;
    });
  }

  /** Whether others may still know an entity of this id. */
  async isLeaving(entityId: string): Promise<boolean> {
    const rows = await this.dataSource.query<readonly unknown[]>(
      `SELECT 1 FROM "orchestrators"."departures" WHERE "entityId" = $1 AND "toldAt" IS NULL`,
      [entityId],
    );
    return rows.length > 0;
  }

  async find(entityId: string): Promise<Departure | undefined> {
    const [row] = await this.dataSource.query<readonly Departure[]>(`${SELECT_DEPARTURES} WHERE d."entityId" = $1`, [
      entityId,
    ]);
    return row;
  }

  /** Those of which others were not told yet, and those that are `seconds` old. */
  list(seconds: number, limit: number): Promise<readonly Departure[]> {
    return this.dataSource.query<readonly Departure[]>(
      `${SELECT_DEPARTURES} WHERE d."toldAt" IS NULL OR d."departedAt" < now() - make_interval(secs => $1)
       ORDER BY d."departedAt" LIMIT $2`,
      [seconds, limit],
    );
  }

  /** Notes that others were told; forgets the departure when it is `seconds` old. */
  async settle({ entityId, departedAt }: Departure, seconds: number): Promise<void> {
    await this.dataSource.query(
      `WITH over AS (
         DELETE FROM "orchestrators"."departures"
         WHERE "entityId" = $1 AND "departedAt" < now() - make_interval(secs => $3))
       UPDATE "orchestrators"."departures" SET "toldAt" = now()
       WHERE "entityId" = $1 AND "toldAt" IS NULL AND date_trunc('milliseconds', "departedAt") = $2
         AND "departedAt" >= now() - make_interval(secs => $3)`,
      [entityId, departedAt, seconds],
    );
  }
}
