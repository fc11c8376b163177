import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OrchestratorRegistration } from '#libs/contracts';
import { assignedIds } from './assigned.id.js';
import type { AcceptedSignature } from './signature.check.js';
import type { SigningKey } from './signing.key.js';

/** What the registrar must know of an entity's orchestrators. */
export interface OrchestratorRow {
  readonly orchestratorId: string;
  readonly assignedId: string;
  readonly keyFingerprint: string | null;
  readonly grantId: string;
  readonly grantEndedAt: Date | null;
  readonly registeredAt: Date;
  readonly tokenExpiresAt: Date;
  readonly syncedAt: Date | null;
}

/** A registration that succeeds. */
export interface NewGrant {
  readonly registration: OrchestratorRegistration;
  readonly key: SigningKey;
  readonly tokenLifeS: number;
}

/** The pair and the key under which a client may repeat its request. */
export interface RepeatKey {
  readonly entityId: string;
  readonly orchestratorId: string;
  readonly idempotencyKey: string;
}

/** All methods run in the registrar's transaction, which holds the entity's row. */
@Injectable()
export class RegistrationRepository {
  ofEntity(tx: EntityManager, entityId: string): Promise<readonly OrchestratorRow[]> {
    return tx.query<readonly OrchestratorRow[]>(
      `SELECT ${COLUMNS} FROM "orchestrators"."orchestrators" WHERE "entityId" = $1 ORDER BY "orchestratorId"`,
      [entityId],
    );
  }

  /** Remembers a signature; false when it was accepted before. */
  async remember(tx: EntityManager, { digest, forgetAt }: AcceptedSignature): Promise<boolean> {
    const rows = await tx.query<readonly unknown[]>(
      `INSERT INTO "orchestrators"."accepted_signatures" ("digest", "forgetAt") VALUES ($1, $2)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [digest, forgetAt],
    );
    return rows.length > 0;
  }

  /** What an idempotency key was used for in the last 24 hours. */
  async usedFor(
    tx: EntityManager,
    { entityId, orchestratorId, idempotencyKey }: RepeatKey,
  ): Promise<{ bodyDigest: Buffer; grantId: string } | undefined> {
    const [row] = await tx.query<readonly { bodyDigest: Buffer; grantId: string }[]>(
      `SELECT "bodyDigest", "grantId" FROM "orchestrators"."registration_keys"
       WHERE "entityId" = $1 AND "orchestratorId" = $2 AND "idempotencyKey" = $3
         AND "usedAt" > now() - interval '1 day'`,
      [entityId, orchestratorId, idempotencyKey],
    );
    return row;
  }

  async noteKey(tx: EntityManager, key: RepeatKey, bodyDigest: Buffer, grantId: string): Promise<void> {
    await tx.query(
      `INSERT INTO "orchestrators"."registration_keys"
         ("entityId", "orchestratorId", "idempotencyKey", "bodyDigest", "grantId")
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT ("entityId", "orchestratorId", "idempotencyKey")
       DO UPDATE SET "bodyDigest" = excluded."bodyDigest", "grantId" = excluded."grantId", "usedAt" = now()`,
      [key.entityId, key.orchestratorId, key.idempotencyKey, bodyDigest, grantId],
    );
  }

  async spendSecret(tx: EntityManager, entityId: string): Promise<void> {
    await tx.query(`UPDATE "orchestrators"."entities" SET "enrolmentSecretHash" = NULL WHERE "entityId" = $1`, [
      entityId,
    ]);
  }

  /** Stores what the orchestrator says of itself and pins its key; a grant that is good goes on, else a new one begins. */
  async grant(tx: EntityManager, grant: NewGrant): Promise<OrchestratorRow> {
    const { entity_id, orchestrator_id } = grant.registration;
    // Two entities may want the same readable id at the same time.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.orchestrators.assigned-ids', 0))`);
    for (const assignedId of assignedIds(entity_id, orchestrator_id)) {
      const [row] = await tx.query<readonly OrchestratorRow[]>(UPSERT, parametersOf(grant, assignedId));
      if (row) return row;
    }
    throw new Error(`no id is free for ${orchestrator_id} of ${entity_id}`);
  }

  /** Counts a further token of a grant that is good. */
  async prolong(tx: EntityManager, grantId: string, tokenLifeS: number): Promise<OrchestratorRow | undefined> {
    const [rows] = await tx.query<[readonly OrchestratorRow[], number]>(
      `UPDATE "orchestrators"."orchestrators" SET "tokenExpiresAt" = greatest("tokenExpiresAt", now() + make_interval(secs => $2))
       WHERE "grantId" = $1 AND "grantEndedAt" IS NULL RETURNING ${COLUMNS}`,
      [grantId, tokenLifeS],
    );
    return rows[0];
  }

  /** Ends what is active and forgets the keys; answers the grants of all, ended before or now. */
  async endGrants(tx: EntityManager, entityId: string): Promise<readonly string[]> {
    const [rows] = await tx.query<[readonly { grantId: string }[], number]>(
      `UPDATE "orchestrators"."orchestrators"
       SET "grantEndedAt" = coalesce("grantEndedAt", now()), "publicKeyPem" = NULL, "keyFingerprint" = NULL,
           "syncedAt" = NULL
       WHERE "entityId" = $1 RETURNING "grantId"`,
      [entityId],
    );
    return rows.map(({ grantId }) => grantId);
  }

  async openForEnrolment(tx: EntityManager, entityId: string, secretHash: string): Promise<void> {
    await tx.query(
      `UPDATE "orchestrators"."entities" SET "enrolmentSecretHash" = $2, "updatedAt" = now() WHERE "entityId" = $1`,
      [entityId, secretHash],
    );
  }
}

const COLUMNS = `"orchestratorId", "assignedId", "keyFingerprint", "grantId", "grantEndedAt", "registeredAt",
  "tokenExpiresAt", "syncedAt"`;

/** Answers no row when the assigned id belongs to another pair. */
const UPSERT = `
  WITH known AS (
    SELECT "assignedId" FROM "orchestrators"."orchestrators" WHERE "entityId" = $1::text AND "orchestratorId" = $2::text),
  wanted AS (SELECT coalesce((SELECT "assignedId" FROM known), $3::text) AS "assignedId")
  INSERT INTO "orchestrators"."orchestrators" AS o
    ("entityId", "orchestratorId", "assignedId", "version", "capabilities", "localAddress", "heartbeatIntervalS",
     "publicKeyPem", "keyFingerprint", "grantId", "registeredAt", "tokenExpiresAt")
  SELECT $1::text, $2::text, "assignedId", $4::text, $5::text[], $6::text, $7::int, $8::text, $9::text, $10::uuid, now(),
         now() + make_interval(secs => $11) FROM wanted
  WHERE NOT EXISTS (
    SELECT FROM "orchestrators"."orchestrators" s
    WHERE s."assignedId" = wanted."assignedId" AND (s."entityId", s."orchestratorId") <> ($1::text, $2::text))
  ON CONFLICT ("entityId", "orchestratorId") DO UPDATE SET
    "version" = excluded."version", "capabilities" = excluded."capabilities",
    "localAddress" = excluded."localAddress", "heartbeatIntervalS" = excluded."heartbeatIntervalS",
    "publicKeyPem" = excluded."publicKeyPem", "keyFingerprint" = excluded."keyFingerprint",
    "grantId" = CASE WHEN o."grantEndedAt" IS NULL THEN o."grantId" ELSE excluded."grantId" END,
    "grantEndedAt" = NULL, "registeredAt" = now(), "tokenExpiresAt" = excluded."tokenExpiresAt"
  RETURNING ${COLUMNS}`;

function parametersOf({ registration: said, key, tokenLifeS }: NewGrant, assignedId: string): unknown[] {
  return [
    said.entity_id,
    said.orchestrator_id,
    assignedId,
    said.version,
    said.capabilities,
    said.local_address,
    said.heartbeat_interval,
    key.pem,
    key.fingerprint,
    randomUUID(),
    tokenLifeS,
  ];
}
