import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { JsonObject } from '#libs/contracts';

/** The settings that people want, with who asked for them last. */
export interface DesiredSettings {
  readonly version: number;
  readonly payload: JsonObject;
  readonly requestedBy: string;
  readonly requestedAt: Date;
}

/** Replaces the desired settings; answers their version, which counts from 1. */
export async function storeDesired(
  tx: EntityManager,
  robotId: string,
  { payload, requestedBy, requestedAt }: Omit<DesiredSettings, 'version'>,
): Promise<number> {
  const [row] = await tx.query<readonly { version: number }[]>(
    `INSERT INTO "robots"."desired_settings" AS d ("robotId", "version", "payloadJson", "requestedBy", "requestedAt")
     VALUES ($1, 1, $2::jsonb, $3, $4)
     ON CONFLICT ("robotId") DO UPDATE SET
       "version" = d."version" + 1, "payloadJson" = excluded."payloadJson",
       "requestedBy" = excluded."requestedBy", "requestedAt" = excluded."requestedAt"
     RETURNING "version"`,
    [robotId, JSON.stringify(payload), requestedBy, requestedAt],
  );
  return row?.version ?? 0;
}

/** The `settingsSchema` of the robot's newest capability, whatever the robot calls that. */
export async function settingsSchemaOf(tx: EntityManager, robotId: string): Promise<unknown> {
  const [row] = await tx.query<readonly { schema: unknown }[]>(
    `SELECT c."payloadJson" #> '{payload,settingsSchema}' AS "schema" FROM "robots"."robots" r
     JOIN "robots"."robot_capability_snapshots" c ON c."snapshotId" = r."capabilitySnapshotId"
     WHERE r."robotId" = $1`,
    [robotId],
  );
  return row?.schema;
}

@Injectable()
export class DesiredRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(robotId: string): Promise<DesiredSettings | undefined> {
    const [row] = await this.dataSource.query<readonly DesiredSettings[]>(
      `SELECT "version", "payloadJson" AS "payload", "requestedBy", "requestedAt"
       FROM "robots"."desired_settings" WHERE "robotId" = $1`,
      [robotId],
    );
    return row;
  }
}
