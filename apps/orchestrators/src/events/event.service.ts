import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  MusterError,
  orchestratorEventSubject,
  type ConfigurationChange,
  type ConfigurationDto,
  type EventAckRequest,
  type OrchestratorEvent,
} from '#libs/contracts';
import { isDataError } from '#libs/database';
import { Outbox } from '#libs/outbox';
import { entityNotFound } from '../entities/entity-not-found.js';
import { enqueue } from '../orchestrators.outbox.js';
import { storeAcks, storeConfigurationAck } from './ack.repository.js';
import { answeredBefore, rememberAnswer } from './configuration-key.repository.js';
import { storeConfiguration } from './configuration.repository.js';

/** What orchestrators say of their events, and the configurations that are sent as one. */
@Injectable()
export class EventService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

  /** @throws MusterError `ENTITY_NOT_FOUND` when the entity is gone. */
  async acknowledge(request: EventAckRequest): Promise<void> {
    await this.inTransaction(async (tx) => {
      await requireEntity(tx, request.entity_id);
      await storeAcks(tx, request);
      for (const ack of request.acks) await storeConfigurationAck(tx, request, ack);
    });
  }

  /**
   * Returns once the next version is stored together with the event that tells it; a repeat changes and tells nothing.
   * @throws MusterError `ENTITY_NOT_FOUND`, `VALIDATION_FAILED`
   */
  async configure(change: ConfigurationChange): Promise<ConfigurationDto> {
    const stored = await this.inTransaction(async (tx) => {
      const before = await answeredBefore(tx, change);
      if (before) return before;
      const configuration = await storeConfiguration(tx, change);
      if (!configuration) throw entityNotFound(change.entity_id);
      await enqueue(tx, [toOutgoing(change.entity_id, configuration)]);
      await rememberAnswer(tx, change, configuration);
      return configuration;
    });
    this.outbox.kick();
    return stored;
  }

  /** @throws MusterError `ENTITY_NOT_FOUND` */
  requireEntity(entityId: string): Promise<void> {
    return requireEntity(this.dataSource.manager, entityId);
  }

  private async inTransaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      if (!isDataError(error)) throw error;
      throw new MusterError('VALIDATION_FAILED', 'A text cannot be stored, such as U+0000.', {}, { cause: error });
    }
  }
}

/** The instant makes the id one of its own even where an entity was deleted and made anew. */
function toOutgoing(entityId: string, { type, config, version, updated_at: at }: ConfigurationDto) {
  const body: OrchestratorEvent = { event: 'config_update', data: { type, config, version } };
  const messageId = `config_update:${entityId}:${type}:${version}:${Date.parse(at)}`;
  return { subject: orchestratorEventSubject(entityId), messageId, body };
}

async function requireEntity(tx: EntityManager, entityId: string): Promise<void> {
  const found = await tx.query<readonly unknown[]>(
    `SELECT 1 FROM "orchestrators"."entities" WHERE "entityId" = $1 FOR KEY SHARE`,
    [entityId],
  );
  if (found.length === 0) throw entityNotFound(entityId);
}
