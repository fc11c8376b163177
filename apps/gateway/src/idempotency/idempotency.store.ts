import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A gateway that died in the middle leaves a claim that ends then, and the request may run again. */
const LEASE_S = 60;
/** For how long a repeat is answered as the first request was (orchestrators.txt 9.3). */
const REMEMBERED_S = 86_400;
const SWEEP_PAGE = 1_000;
/** A claim may be given up between being in the way and being looked at. */
const TRIES = 3;

export interface ClaimAttempt {
  readonly keyHash: Buffer;
  readonly fingerprint: Buffer;
}

/** Names who runs a request: only that one may store its answer. */
export interface Claim {
  readonly keyHash: Buffer;
  readonly claimId: string;
}

export type Claiming =
  | { readonly outcome: 'claimed'; readonly claim: Claim }
  | { readonly outcome: 'answered'; readonly answer: Buffer }
  | { readonly outcome: 'running' }
  | { readonly outcome: 'reused' };

interface KnownRow {
  readonly fingerprint: Buffer;
  readonly answer: Buffer | null;
}

/** Requests by the hash of their key, shared by all replicas. */
@Injectable()
export class IdempotencyStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Takes a key, or says what became of the request that took it before. */
  async claim({ keyHash, fingerprint }: ClaimAttempt): Promise<Claiming> {
    const claim = { keyHash, claimId: randomUUID() };
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (await this.take(claim, fingerprint)) return { outcome: 'claimed', claim };
      const known = await this.find(keyHash);
      if (known === undefined) continue;
      if (!known.fingerprint.equals(fingerprint)) return { outcome: 'reused' };
      return known.answer ? { outcome: 'answered', answer: known.answer } : { outcome: 'running' };
    }
    return { outcome: 'running' };
  }

  /** Keeps the sealed answer for the rest of the 24 hours. */
  async complete({ keyHash, claimId }: Claim, answer: Buffer): Promise<void> {
    await this.dataSource.query(
      `UPDATE "auth"."idempotentRequests" SET "answer" = $3 WHERE "keyHash" = $1 AND "claimId" = $2`,
      [keyHash, claimId, answer],
    );
  }

  /** Gives the key back: the next request with it runs. */
  async release({ keyHash, claimId }: Claim): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM "auth"."idempotentRequests" WHERE "keyHash" = $1 AND "claimId" = $2 AND "answer" IS NULL`,
      [keyHash, claimId],
    );
  }

  /** Drops one page of what is over; answers whether there may be more. */
  async sweep(): Promise<boolean> {
    const [, deleted]: readonly [unknown, number] = await this.dataSource.query(
      `DELETE FROM "auth"."idempotentRequests" WHERE "keyHash" IN (
         SELECT "keyHash" FROM "auth"."idempotentRequests" WHERE "expiresAt" <= now() ORDER BY "expiresAt" LIMIT $1)`,
      [SWEEP_PAGE],
    );
    return deleted === SWEEP_PAGE;
  }

  private async take({ keyHash, claimId }: Claim, fingerprint: Buffer): Promise<boolean> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `INSERT INTO "auth"."idempotentRequests" AS known ("keyHash", "fingerprint", "claimId", "leaseUntil", "expiresAt")
       VALUES ($1, $2, $3, now() + make_interval(secs => $4), now() + make_interval(secs => $5))
       ON CONFLICT ("keyHash") DO UPDATE SET
         "fingerprint" = excluded."fingerprint", "claimId" = excluded."claimId", "answer" = NULL,
         "leaseUntil" = excluded."leaseUntil", "expiresAt" = excluded."expiresAt"
       WHERE known."expiresAt" <= now()
          OR (known."answer" IS NULL AND known."leaseUntil" <= now() AND known."fingerprint" = excluded."fingerprint")
       RETURNING 1`,
      [keyHash, fingerprint, claimId, LEASE_S, REMEMBERED_S],
    );
    return rows.length > 0;
  }

  private async find(keyHash: Buffer): Promise<KnownRow | undefined> {
    const rows: readonly KnownRow[] = await this.dataSource.query(
      `SELECT "fingerprint", "answer" FROM "auth"."idempotentRequests" WHERE "keyHash" = $1`,
      [keyHash],
    );
    return rows[0];
  }
}
