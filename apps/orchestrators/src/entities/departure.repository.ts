import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** An entity that was deleted. */
export interface Departure {
  readonly entityId: string;
  readonly departedAt: Date;
  /** What is older belonged to it; what is younger, to an entity that was made anew under its id. */
  readonly before: Date;
}

/** Deletes entities, and remembers of which ones others must still be told. */
@Injectable()
export class DepartureRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Deletes an entity with all that it holds here; false when there is none. */
  async depart(entityId: string): Promise<boolean> {
    const rows = await this.dataSource.query<readonly unknown[]>(
      `WITH gone AS (DELETE FROM "orchestrators"."entities" WHERE "entityId" = $1 RETURNING "entityId")
       INSERT INTO "orchestrators"."departures" ("entityId") SELECT "entityId" FROM gone
       ON CONFLICT ("entityId") DO UPDATE SET "departedAt" = now() RETURNING 1`,
      [entityId],
    );
    return rows.length > 0;
  }

  list(limit: number): Promise<readonly Departure[]> {
    return this.dataSource.query<readonly Departure[]>(
      `SELECT d."entityId", d."departedAt", coalesce(e."createdAt", now()) AS "before"
       FROM "orchestrators"."departures" d LEFT JOIN "orchestrators"."entities" e ON e."entityId" = d."entityId"
       ORDER BY d."departedAt" LIMIT $1`,
      [limit],
    );
  }

  /** Forgets that an entity is gone, when it has been for `seconds` and did not go again. */
  async settle({ entityId }: Departure, seconds: number): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM "orchestrators"."departures"
       WHERE "entityId" = $1 AND "departedAt" < now() - make_interval(secs => $2)`,
      [entityId, seconds],
    );
  }
}
