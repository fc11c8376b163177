import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { entityNotFound } from './entity-not-found.js';

/** An entity's row. */
export interface EntityRow {
  readonly entityId: string;
  readonly name: string;
  readonly dataJson: Readonly<Record<string, unknown>>;
  /** The number of the last committed change of its records; 0 before the first. */
  readonly changeSeq: number;
  /** When that was; rises with every change. */
  readonly changedAt: Date;
  /** The highest change whose history is no longer kept, and when it was made. */
  readonly expiredSeq: number;
  readonly expiredAt: Date | null;
  /** `digestToken()` of the secret that opens it for enrolment. */
  readonly enrolmentSecretHash: string | null;
  /** PEM of the key that alone may enrol, when it was given beforehand. */
  readonly enrolmentKeyPem: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Reads {@link EntityRow}; `e` is the row, conditions come after. */
export const SELECT_ENTITIES = `
  SELECT e."entityId", e."name", e."dataJson", e."changeSeq", e."changedAt", e."expiredSeq", e."expiredAt",
         e."enrolmentSecretHash", e."enrolmentKeyPem", e."createdAt", e."updatedAt"
  FROM "orchestrators"."entities" e`;

/**
 * Holds an entity's row until the end of the transaction, against others who change it or its records.
 * @throws MusterError `ENTITY_NOT_FOUND`
 */
export async function lockEntity(tx: EntityManager, entityId: string): Promise<EntityRow> {
  const [row] = await tx.query<readonly EntityRow[]>(`${SELECT_ENTITIES} WHERE e."entityId" = $1 FOR NO KEY UPDATE`, [
    entityId,
  ]);
  if (!row) throw entityNotFound(entityId);
  return row;
}

/** What an entity begins with. */
export type NewEntityRow = Pick<
  EntityRow,
  'entityId' | 'name' | 'dataJson' | 'enrolmentSecretHash' | 'enrolmentKeyPem'
>;

const ROW = `"entityId", "name", "dataJson", "changeSeq", "changedAt", "expiredSeq", "expiredAt",
  "enrolmentSecretHash", "enrolmentKeyPem", "createdAt", "updatedAt"`;

@Injectable()
export class EntityRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(entityId: string): Promise<EntityRow | undefined> {
    const [row] = await this.dataSource.query<readonly EntityRow[]>(`${SELECT_ENTITIES} WHERE e."entityId" = $1`, [
      entityId,
    ]);
    return row;
  }

  /** @throws MusterError `ENTITY_NOT_FOUND` */
  async get(entityId: string): Promise<EntityRow> {
    const row = await this.find(entityId);
    if (!row) throw entityNotFound(entityId);
    return row;
  }

  /** In the order of ids. */
  list(after: string, limit: number): Promise<readonly EntityRow[]> {
    return this.dataSource.query<readonly EntityRow[]>(
      `${SELECT_ENTITIES} WHERE e."entityId" > $1 ORDER BY e."entityId" LIMIT $2`,
      [after, limit],
    );
  }

  async count(): Promise<number> {
    const [row] = await this.dataSource.query<readonly { total: number }[]>(
      `SELECT count(*) AS "total" FROM "orchestrators"."entities"`,
    );
    return row?.total ?? 0;
  }

  /** `undefined` when there is one of that id. */
  async insert(entity: NewEntityRow): Promise<EntityRow | undefined> {
    const [row] = await this.dataSource.query<readonly EntityRow[]>(
      `INSERT INTO "orchestrators"."entities"
         ("entityId", "name", "dataJson", "enrolmentSecretHash", "enrolmentKeyPem")
       VALUES ($1, $2, $3::jsonb, $4, $5) ON CONFLICT DO NOTHING RETURNING ${ROW}`,
      [
        entity.entityId,
        entity.name,
        JSON.stringify(entity.dataJson),
        entity.enrolmentSecretHash,
        entity.enrolmentKeyPem,
      ],
    );
    return row;
  }

  /** Adds to what is there. */
  async update(
    entityId: string,
    { name, dataJson }: { readonly name?: string | undefined; readonly dataJson: EntityRow['dataJson'] },
  ): Promise<EntityRow | undefined> {
    const [[row]] = await this.dataSource.query<readonly [readonly EntityRow[], number]>(
      `UPDATE "orchestrators"."entities"
       SET "name" = coalesce($2, "name"), "dataJson" = "dataJson" || $3::jsonb, "updatedAt" = now()
       WHERE "entityId" = $1 RETURNING ${ROW}`,
      [entityId, name, JSON.stringify(dataJson)],
    );
    return row;
  }

  async setSecret(entityId: string, enrolmentSecretHash: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<readonly [unknown, number]>(
      `UPDATE "orchestrators"."entities" SET "enrolmentSecretHash" = $2, "updatedAt" = now() WHERE "entityId" = $1`,
      [entityId, enrolmentSecretHash],
    );
    return count > 0;
  }
}
