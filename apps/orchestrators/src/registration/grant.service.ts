import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { digestToken, newOpaqueToken } from '#libs/auth';
import { MusterError, type OrchestratorGrant } from '#libs/contracts';
import { lockEntity } from '../entities/entity.repository.js';
import { RegistrationRepository } from './registration.repository.js';

/** Prolongs and ends what registrations began. */
@Injectable()
export class GrantService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registrations: RegistrationRepository,
  ) {}

  /** @throws MusterError `AUTH_INVALID_TOKEN` when the grant was ended. */
  async renew(entityId: string, grantId: string, tokenLifeS: number): Promise<OrchestratorGrant> {
    const row = await this.registrations.prolong(this.dataSource.manager, grantId, tokenLifeS);
    if (!row)
      throw new MusterError('AUTH_INVALID_TOKEN', 'The registration behind this token was ended; register again.');
    return {
      entity_id: entityId,
      orchestrator_id: row.orchestratorId,
      assigned_id: row.assignedId,
      grant_id: row.grantId,
      initial_sync_required: row.syncedAt === null,
    };
  }

  /**
   * Ends the grants of an entity and opens it for enrolment. Answers every grant that it ever ended, so that a repeat after a
   * crash revokes what the first try could not.
   * @throws MusterError `ENTITY_NOT_FOUND`
   */
  reset(entityId: string): Promise<{ grant_ids: readonly string[]; enrolment_secret: string }> {
    const secret = newOpaqueToken('enr_');
    return this.dataSource.transaction(async (tx) => {
      await lockEntity(tx, entityId);
      const grant_ids = await this.registrations.endGrants(tx, entityId);
      await this.registrations.openForEnrolment(tx, entityId, digestToken(secret));
      return { grant_ids, enrolment_secret: secret };
    });
  }
}
