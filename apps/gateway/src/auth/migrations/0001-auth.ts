import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Auth0001 implements MigrationInterface {
  readonly name = '0001-auth';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(USERS_AND_SESSIONS);
    await runner.query(KEYS);
    await runner.query(LIMITS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "auth"."rateLimits", "auth"."signingKeys", "auth"."apiKeys", "auth"."revocations",
                  "auth"."refreshTokens", "auth"."sessions", "auth"."users"`,
    );
  }
}

const USERS_AND_SESSIONS = `
  CREATE TABLE "auth"."users" (
    "userId" uuid PRIMARY KEY,
    "username" text NOT NULL,
    "usernameKey" text NOT NULL CONSTRAINT "users_usernameKey_key" UNIQUE,
    "passwordHash" text NOT NULL,
    "roles" text[] NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now());

  CREATE TABLE "auth"."sessions" (
    "sessionId" uuid PRIMARY KEY,
    "userId" uuid NOT NULL REFERENCES "auth"."users" ON DELETE CASCADE,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "expiresAt" timestamptz NOT NULL,
    "revokedAt" timestamptz,
    "revokedReason" text);
  CREATE INDEX "sessions_userId_idx" ON "auth"."sessions" ("userId");
  CREATE INDEX "sessions_expiresAt_idx" ON "auth"."sessions" ("expiresAt");

  CREATE TABLE "auth"."refreshTokens" (
    "tokenHash" text PRIMARY KEY,
    "sessionId" uuid NOT NULL REFERENCES "auth"."sessions" ON DELETE CASCADE,
    "issuedAt" timestamptz NOT NULL DEFAULT now(),
    "rotatedAt" timestamptz,
    "rotatedBy" text);
  CREATE INDEX "refreshTokens_sessionId_idx" ON "auth"."refreshTokens" ("sessionId");

  CREATE TABLE "auth"."revocations" (
    "sessionId" uuid PRIMARY KEY,
    "revokedAt" timestamptz NOT NULL DEFAULT now());
  CREATE INDEX "revocations_revokedAt_idx" ON "auth"."revocations" ("revokedAt")`;

const KEYS = `
  CREATE TABLE "auth"."apiKeys" (
    "apiKeyId" uuid PRIMARY KEY,
    "name" text NOT NULL,
    "apiKey" text NOT NULL CONSTRAINT "apiKeys_apiKey_key" UNIQUE,
    "secretHash" text NOT NULL,
    "roles" text[] NOT NULL,
    "createdBy" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now());

  CREATE TABLE "auth"."signingKeys" (
    "kid" text PRIMARY KEY,
    "privateJwk" jsonb NOT NULL,
    "publicJwk" jsonb NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "retiredAt" timestamptz)`;

/** The columns stand in the order in which rate-limiter-flexible inserts. Unlogged: a crash forgives, nothing else is lost. */
const LIMITS = `
  CREATE UNLOGGED TABLE "auth"."rateLimits" (
    "key" text PRIMARY KEY,
    "points" integer NOT NULL DEFAULT 0,
    "expire" bigint)`;
