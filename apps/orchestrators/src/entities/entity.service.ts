import { Injectable } from '@nestjs/common';
import { digestToken, newOpaqueToken } from '#libs/auth';
import {
  type EnrolmentSecretDto,
  type EntityCreatedDto,
  type EntityDto,
  type EntityFields,
  type EntityPage,
  isTokenId,
  MusterError,
  type NewEntity,
} from '#libs/contracts';
import { requireSigningKey } from '../registration/signing.key.js';
import { DepartureRepository } from './departure.repository.js';
import { DepartureSweeper } from './departure.sweeper.js';
import { toEntityDto } from './entity.dto.js';
import { entityNotFound } from './entity-not-found.js';
import { EntityRepository } from './entity.repository.js';
import { foreignCursor, ROWS_PER_REPLY, whatFits } from './reply.page.js';

const SECRET_PREFIX = 'enrol_';

/** Malls and other places, before anything is in them. */
@Injectable()
export class EntityService {
  constructor(
    private readonly entities: EntityRepository,
    private readonly departures: DepartureRepository,
    private readonly departureSweeper: DepartureSweeper,
  ) {}

  /** The secret is shown here alone; what is stored tells whether it is the right one. @throws MusterError `ENTITY_EXISTS`, `SERVICE_UNAVAILABLE`, `VALIDATION_FAILED` */
  async create({ fields, entity_id, public_key }: NewEntity): Promise<EntityCreatedDto> {
    const entityId = entity_id ?? `entity-${crypto.randomUUID()}`;
    if (await this.departures.isLeaving(entityId)) throw leaving(entityId);
    const secret = public_key === undefined ? newOpaqueToken(SECRET_PREFIX) : null;
    const row = await this.entities.insert({
      entityId,
      ...split(fields),
      enrolmentSecretHash: secret === null ? null : digestToken(secret),
      enrolmentKeyPem: public_key === undefined ? null : requireSigningKey(public_key).pem,
    });
    if (!row) {
      throw new MusterError('ENTITY_EXISTS', `There is an entity ${entityId} already.`, { entity_id: entityId });
    }
    return { ...toEntityDto(row), enrolment_secret: secret };
  }

  /** Fewer than asked where more would not fit into one reply. @throws MusterError `CURSOR_INVALID` */
  async list(limit: number, after = ''): Promise<EntityPage> {
    if (after !== '' && !isTokenId(after)) throw foreignCursor(after);
    const wanted = Math.min(limit, ROWS_PER_REPLY);
    const [rows, total] = await Promise.all([this.entities.list(after, wanted + 1), this.entities.count()]);
    const entities = whatFits(rows.slice(0, wanted).map(toEntityDto));
    const next = rows.length > entities.length ? (entities.at(-1)?.entity_id ?? null) : null;
    return { entities, next, total };
  }

  async get(entityId: string): Promise<EntityDto> {
    return toEntityDto(await this.entities.get(entityId));
  }

  /** Omitted fields stay, `null` clears. @throws MusterError `ENTITY_NOT_FOUND` */
  async update(entityId: string, fields: Partial<EntityFields>): Promise<EntityDto> {
    const row = await this.entities.update(entityId, split(fields));
    if (!row) throw entityNotFound(entityId);
    return toEntityDto(row);
  }

  /** With everything in it; other services forget it soon after. @throws MusterError `ENTITY_NOT_FOUND` */
  async remove(entityId: string): Promise<void> {
    if (!(await this.departures.depart(entityId))) throw entityNotFound(entityId);
    await this.departureSweeper.tellNow(entityId);
  }

  /** A new secret in place of the old one. @throws MusterError `ENTITY_NOT_FOUND` */
  async enrol(entityId: string): Promise<EnrolmentSecretDto> {
    const secret = newOpaqueToken(SECRET_PREFIX);
    if (!(await this.entities.setSecret(entityId, digestToken(secret)))) throw entityNotFound(entityId);
    return { entity_id: entityId, enrolment_secret: secret };
  }
}

function leaving(entityId: string): MusterError {
  const message = `Entity ${entityId} was deleted, and not every service has forgotten it yet.`;
  return new MusterError('SERVICE_UNAVAILABLE', message, { entity_id: entityId });
}

function split<F extends Partial<EntityFields>>({ name, ...data }: F): Pick<F, 'name'> & { dataJson: Omit<F, 'name'> } {
  return { name, dataJson: data };
}
