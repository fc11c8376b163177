import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** One revoked broker user. */
export interface Revocation {
  /** Public nkey. */
  readonly userId: string;
  readonly revokedAt: Date;
}

/** Sends every revocation there is to the broker. */
export type PushRevocations = (revocations: readonly Revocation[]) => Promise<void>;

const LOCK = 'muster.robots.revocations';

export async function addCredential(
  tx: EntityManager,
  credential: { readonly userId: string; readonly robotId: string; readonly by: string },
): Promise<Date> {
  const [row] = await tx.query<readonly { issuedAt: Date }[]>(
    `INSERT INTO "robots"."device_credentials" ("userId", "robotId", "issuedBy") VALUES ($1, $2, $3)
     RETURNING "issuedAt"`,
    [credential.userId, credential.robotId, credential.by],
  );
  return row?.issuedAt ?? new Date();
}

/** Marks what the robot has as revoked; answers how many that were. */
export async function revokeCredentials(tx: EntityManager, robotId: string, by: string): Promise<number> {
  const [, revoked] = await tx.query<readonly [unknown, number]>(
    `UPDATE "robots"."device_credentials" SET "revokedAt" = now(), "revokedBy" = $2
     WHERE "robotId" = $1 AND "revokedAt" IS NULL`,
    [robotId, by],
  );
  return revoked;
}

@Injectable()
export class CredentialRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whether there are revocations at all, and any that the broker was not told. */
  async revocationState(): Promise<{ readonly some: boolean; readonly pending: boolean }> {
    const [row] = await this.dataSource.query<readonly { some: boolean; pending: boolean }[]>(
      `SELECT count(*) > 0 AS "some", count(*) FILTER (WHERE "pushedAt" IS NULL) > 0 AS "pending"
       FROM "robots"."device_credentials" WHERE "revokedAt" IS NOT NULL`,
    );
    return row ?? { some: false, pending: false };
  }

  /** Pushes the whole list, one replica at a time: a list replaces the one before it, so none may be older. */
  async pushRevocations(push: PushRevocations): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [LOCK]);
      const revocations = await tx.query<readonly Revocation[]>(
        `SELECT "userId", "revokedAt" FROM "robots"."device_credentials" WHERE "revokedAt" IS NOT NULL`,
      );
      await push(revocations);
      await tx.query(
        `UPDATE "robots"."device_credentials" SET "pushedAt" = now() WHERE "pushedAt" IS NULL AND "userId" = ANY($1::text[])`,
        [revocations.map(({ userId }) => userId)],
      );
    });
  }
}
