import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { digestsEqual, digestToken } from '#libs/auth';
import {
  MusterError,
  type OrchestratorGrant,
  type OrchestratorRegistration,
  type RegistrationProof,
} from '#libs/contracts';
import { lockEntity, type EntityRow } from '../entities/entity.repository.js';
import { judgeRegistration, type Enrolment } from './registration.policy.js';
import { RegistrationRepository, type OrchestratorRow, type RepeatKey } from './registration.repository.js';
import { RegistrationSettings } from './registration.settings.js';
import { checkSignature, invalid } from './signature.check.js';
import { parseSigningKey, requireSigningKey, type SigningKey } from './signing.key.js';

export interface RegistrationRequest {
  readonly registration: OrchestratorRegistration;
  readonly proof: RegistrationProof;
  readonly idempotency_key?: string;
  readonly token_life_s: number;
}

/** Registers orchestrators: one transaction under the entity's row, so that races have one winner and nothing is half done. */
@Injectable()
export class Registrar {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registrations: RegistrationRepository,
    private readonly settings: RegistrationSettings,
  ) {}

  /**
   * @throws MusterError `VALIDATION_FAILED` for the key, `ENTITY_NOT_FOUND`, `AUTH_INVALID_SIGNATURE`, `ORCHESTRATOR_ACTIVE`,
   * `RATE_LIMIT_EXCEEDED`, or `IDEMPOTENCY_KEY_REUSED`.
   */
  register(request: RegistrationRequest): Promise<OrchestratorGrant> {
    const key = requireSigningKey(request.registration.public_key);
    return this.dataSource.transaction(async (tx) => {
      const entity = await lockEntity(tx, request.registration.entity_id);
      const signature = checkSignature(request.proof, key, Date.now());
      const repeated = await this.repeat(tx, request);
      if (repeated) return repeated;
      if (!(await this.registrations.remember(tx, signature))) {
        throw invalid(
          'This signature was used before; sign anew, with X-Timestamp and X-Nonce if the body is the same.',
        );
      }
      return this.grant(tx, entity, request, key);
    });
  }

  /** A client that missed its answer asks again with the same key and body: another token of the same grant. */
  private async repeat(tx: EntityManager, request: RegistrationRequest): Promise<OrchestratorGrant | undefined> {
    const key = repeatKeyOf(request);
    const used = key && (await this.registrations.usedFor(tx, key));
    if (!used) return undefined;
    if (!used.bodyDigest.equals(bodyDigestOf(request))) {
      throw new MusterError('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used for another registration.');
    }
    const row = await this.registrations.prolong(tx, used.grantId, request.token_life_s);
    return row && toGrant(request.registration.entity_id, row);
  }

  private async grant(
    tx: EntityManager,
    entity: EntityRow,
    request: RegistrationRequest,
    key: SigningKey,
  ): Promise<OrchestratorGrant> {
    const { registration, token_life_s: tokenLifeS } = request;
    const { entityId } = entity;
    const rows = await this.registrations.ofEntity(tx, entityId);
    const trust = judgeRegistration(this.enrolmentOf(entity, rows, { registration, key }), Date.now());
    if (trust === 'secret') await this.registrations.spendSecret(tx, entityId);
    const row = await this.registrations.grant(tx, { registration, key, tokenLifeS });
    const repeatKey = repeatKeyOf(request);
    if (repeatKey) await this.registrations.noteKey(tx, repeatKey, bodyDigestOf(request), row.grantId);
    return toGrant(entityId, row);
  }

  private enrolmentOf(
    { enrolmentSecretHash, enrolmentKeyPem }: EntityRow,
    rows: readonly OrchestratorRow[],
    { registration, key }: { readonly registration: OrchestratorRegistration; readonly key: SigningKey },
  ): Enrolment {
    const { orchestrator_id: orchestratorId, enrolment_secret: secret } = registration;
    const own = rows.find((row) => row.orchestratorId === orchestratorId);
    const other = rows.find((row) => row !== own && row.grantEndedAt === null);
    return {
      orchestratorId,
      fingerprint: key.fingerprint,
      hasSecret:
        secret !== undefined && enrolmentSecretHash !== null && digestsEqual(digestToken(secret), enrolmentSecretHash),
      providedFingerprint: enrolmentKeyPem === null ? null : (parseSigningKey(enrolmentKeyPem)?.fingerprint ?? null),
      trustsFirstUse: this.settings.trustsFirstUse,
      otherActiveId: other?.orchestratorId ?? null,
      known: own ? { ...own, fingerprint: own.keyFingerprint, isActive: own.grantEndedAt === null } : null,
    };
  }
}

function repeatKeyOf({ registration, idempotency_key }: RegistrationRequest): RepeatKey | undefined {
  if (idempotency_key === undefined) return undefined;
  const { entity_id: entityId, orchestrator_id: orchestratorId } = registration;
  return { entityId, orchestratorId, idempotencyKey: idempotency_key };
}

function bodyDigestOf({ proof }: RegistrationRequest): Buffer {
  return createHash('sha256').update(proof.body_base64, 'base64').digest();
}

function toGrant(
  entityId: string,
  { orchestratorId, assignedId, grantId, syncedAt }: OrchestratorRow,
): OrchestratorGrant {
  return {
    entity_id: entityId,
    orchestrator_id: orchestratorId,
    assigned_id: assignedId,
    grant_id: grantId,
    initial_sync_required: syncedAt === null,
  };
}
