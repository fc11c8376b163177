import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ConfigurationChange, ConfigurationDto, JsonObject } from '#libs/contracts';

interface ConfigurationRow {
  readonly type: string;
  readonly config: JsonObject;
  readonly version: number;
  readonly updatedAt: Date;
  readonly updatedBy: string;
  readonly ackedBy: string | null;
  readonly ackStatus: string | null;
  readonly ackError: string | null;
  readonly ackedAt: Date | null;
}

const COLUMNS = `"type", "configJson" AS "config", "version", "updatedAt", "updatedBy", "ackedBy", "ackStatus",
  "ackError", "ackedAt"`;

/** Stores the next version; undefined when there is no such entity. */
export async function storeConfiguration(
  tx: EntityManager,
  { entity_id, type, config, version = 1, by }: ConfigurationChange,
): Promise<ConfigurationDto | undefined> {
  const [row] = await tx.query<readonly ConfigurationRow[]>(
    `INSERT INTO "orchestrators"."configurations" AS c
       ("entityId", "type", "version", "configJson", "updatedAt", "updatedBy")
     SELECT e."entityId", $2, $5::integer, $3::json, date_trunc('milliseconds', clock_timestamp()), $4
     FROM "orchestrators"."entities" e WHERE e."entityId" = $1
     ON CONFLICT ("entityId", "type") DO UPDATE SET
       "version" = greatest(c."version" + 1, excluded."version"), "configJson" = excluded."configJson", "updatedAt" = excluded."updatedAt",
       "updatedBy" = excluded."updatedBy", "ackedBy" = NULL, "ackStatus" = NULL, "ackError" = NULL, "ackedAt" = NULL
     RETURNING ${COLUMNS}`,
    [entity_id, type, JSON.stringify(config), by, version],
  );
  return row && toDto(row);
}

@Injectable()
export class ConfigurationRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The present configurations of an entity, by type. */
  async of(entityId: string): Promise<readonly ConfigurationDto[]> {
    const rows = await this.dataSource.query<readonly ConfigurationRow[]>(
      `SELECT ${COLUMNS} FROM "orchestrators"."configurations" WHERE "entityId" = $1 ORDER BY "type"`,
      [entityId],
    );
    return rows.map(toDto);
  }
}

function toDto({ updatedAt, updatedBy, ackedBy, ackStatus, ackError, ackedAt, ...row }: ConfigurationRow) {
  const acknowledgement =
    ackedBy === null || ackedAt === null
      ? null
      : {
          orchestrator_id: ackedBy,
          status: ackStatus ?? '',
          error: ackError,
          acknowledged_at: ackedAt.toISOString(),
        };
  return { ...row, updated_at: updatedAt.toISOString(), updated_by: updatedBy, acknowledgement };
}
