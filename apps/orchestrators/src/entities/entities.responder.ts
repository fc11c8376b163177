import { Controller } from '@nestjs/common';
import {
  type ChangePage,
  ENTITIES_REQUESTS,
  type EnrolmentSecretDto,
  type EntityCreatedDto,
  type EntityDto,
  type EntityFields,
  type EntityPage,
  type NewEntity,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { EntityService } from './entity.service.js';
import { RecordReader } from '../records/record.reader.js';

interface OfEntity {
  readonly entity_id: string;
}

@Controller()
export class EntitiesResponder {
  constructor(
    private readonly entities: EntityService,
    private readonly reader: RecordReader,
  ) {}

  @Answers(ENTITIES_REQUESTS.create)
  create(request: NewEntity): Promise<EntityCreatedDto> {
    return this.entities.create(request);
  }

  @Answers(ENTITIES_REQUESTS.list)
  list({ limit, after }: { limit: number; after?: string }): Promise<EntityPage> {
    return this.entities.list(limit, after);
  }

  @Answers(ENTITIES_REQUESTS.get)
  get({ entity_id }: OfEntity): Promise<EntityDto> {
    return this.entities.get(entity_id);
  }

  @Answers(ENTITIES_REQUESTS.update)
  update({ entity_id, fields }: OfEntity & { fields: Partial<EntityFields> }): Promise<EntityDto> {
    return this.entities.update(entity_id, fields);
  }

  @Answers(ENTITIES_REQUESTS.remove)
  async remove({ entity_id }: OfEntity): Promise<{ ok: true }> {
    await this.entities.remove(entity_id);
    return { ok: true };
  }

  @Answers(ENTITIES_REQUESTS.enrol)
  enrol({ entity_id }: OfEntity): Promise<EnrolmentSecretDto> {
    return this.entities.enrol(entity_id);
  }

  @Answers(ENTITIES_REQUESTS.changes)
  changes({ entity_id, limit, after }: OfEntity & { limit: number; after?: string }): Promise<ChangePage> {
    return this.reader.changes(entity_id, limit, after);
  }
}
