import type { EntityDto, EntityFields } from '#libs/contracts';
import type { EntityRow } from './entity.repository.js';

const NOTHING: Required<Omit<EntityFields, 'name'>> = {
  type: null,
  description: null,
  point_min: null,
  point_max: null,
  altitude_min: null,
  altitude_max: null,
  nation: null,
  region: null,
  city: null,
  tags: null,
};

/** An entity for the outside; nothing of its enrolment. */
export function toEntityDto(row: EntityRow): EntityDto {
  return {
    entity_id: row.entityId,
    name: row.name,
    ...NOTHING,
    ...row.dataJson,
    last_sequence: row.changeSeq,
    records_updated_at: row.changedAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
