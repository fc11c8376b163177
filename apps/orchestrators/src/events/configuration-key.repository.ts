import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ConfigurationChange, ConfigurationDto } from '#libs/contracts';

const KEPT_HOURS = 24;

/** What a change with this key was answered with; undefined when it has none, or was not made yet. */
export async function answeredBefore(
  tx: EntityManager,
  { entity_id, by, idempotency_key }: ConfigurationChange,
): Promise<ConfigurationDto | undefined> {
  if (idempotency_key === undefined) return undefined;
  // Repeats may overtake each other: the second waits here until the first is stored.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
    `muster.configuration.${entity_id}.${by}.${idempotency_key}`,
  ]);
  const [row] = await tx.query<readonly { answer: ConfigurationDto }[]>(
    `SELECT "answerJson" AS "answer" FROM "orchestrators"."configuration_keys"
     WHERE "entityId" = $1 AND "sentBy" = $2 AND "idempotencyKey" = $3
       AND "usedAt" > now() - make_interval(hours => $4)`,
    [entity_id, by, idempotency_key, KEPT_HOURS],
  );
  return row?.answer;
}

/** Remembers the answer to a change that has a key. */
export async function rememberAnswer(
  tx: EntityManager,
  { entity_id, by, idempotency_key }: ConfigurationChange,
  answer: ConfigurationDto,
): Promise<void> {
  if (idempotency_key === undefined) return;
  await tx.query(
    `INSERT INTO "orchestrators"."configuration_keys" ("entityId", "sentBy", "idempotencyKey", "answerJson")
     VALUES ($1, $2, $3, $4::json)
     ON CONFLICT ("entityId", "sentBy", "idempotencyKey") DO UPDATE SET
       "answerJson" = excluded."answerJson", "usedAt" = excluded."usedAt"`,
    [entity_id, by, idempotency_key, JSON.stringify(answer)],
  );
}

@Injectable()
export class ConfigurationKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Forgets keys that count no more. */
  async forget(): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM "orchestrators"."configuration_keys" WHERE "usedAt" < now() - make_interval(hours => $1)`,
      [KEPT_HOURS],
    );
  }
}
