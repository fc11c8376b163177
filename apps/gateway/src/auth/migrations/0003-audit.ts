import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Audit0003 implements MigrationInterface {
  readonly name = '0003-audit';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(APPEND_ONLY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "auth"."auditLog"`);
    await runner.query(`DROP FUNCTION "auth"."sweepAudit"(integer, integer), "auth"."refuseAuditChange"()`);
  }
}

/** No foreign keys: what an entry names may be gone. `count` is more than 1 for equal refusals within a minute. */
const TABLE = `
  CREATE TABLE "auth"."auditLog" (
    "auditId" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "at" timestamptz NOT NULL,
    "requestId" text NOT NULL,
    "actor" text,
    "actorName" text,
    "actorKind" text NOT NULL,
    "roles" jsonb NOT NULL,
    "action" text NOT NULL,
    "entityId" text,
    "targets" jsonb NOT NULL,
    "status" integer NOT NULL,
    "code" text,
    "address" text,
    "userAgent" text,
    "count" integer NOT NULL DEFAULT 1);
  CREATE INDEX "auditLog_at_idx" ON "auth"."auditLog" ("at");
  CREATE INDEX "auditLog_entityId_idx" ON "auth"."auditLog" ("entityId", "auditId") WHERE "entityId" IS NOT NULL;
  CREATE INDEX "auditLog_actor_idx" ON "auth"."auditLog" ("actor", "auditId") WHERE "actor" IS NOT NULL`;

/**
 * Append-only: the one way to lose an entry is "sweepAudit", and it takes none that is younger than 30 days, whatever it is
 * asked for. Each call is one page.
 */
const APPEND_ONLY = `
  CREATE FUNCTION "auth"."refuseAuditChange"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' AND current_setting('muster.audit_sweep', true) = 'on'
       AND OLD."at" < now() - interval '30 days' THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
  END $$;

  CREATE TRIGGER "auditLog_rows" BEFORE UPDATE OR DELETE ON "auth"."auditLog"
    FOR EACH ROW EXECUTE FUNCTION "auth"."refuseAuditChange"();
  CREATE TRIGGER "auditLog_table" BEFORE TRUNCATE ON "auth"."auditLog"
    FOR EACH STATEMENT EXECUTE FUNCTION "auth"."refuseAuditChange"();

  CREATE FUNCTION "auth"."sweepAudit"("olderThanDays" integer, "page" integer) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE "swept" integer;
  BEGIN
    PERFORM set_config('muster.audit_sweep', 'on', true);
    DELETE FROM "auth"."auditLog" WHERE "auditId" IN (
      SELECT "auditId" FROM "auth"."auditLog"
       WHERE "at" < now() - make_interval(days => greatest("olderThanDays", 30)) ORDER BY "at" LIMIT "page");
    GET DIAGNOSTICS "swept" = ROW_COUNT;
    PERFORM set_config('muster.audit_sweep', 'off', true);
    RETURN "swept";
  END $$`;
