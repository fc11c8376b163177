import { Controller } from '@nestjs/common';
import { DEVICE_RECORDS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { DeviceRecordRepository } from './device-record.repository.js';
import { EntityRepository } from '../entities/entity.repository.js';
import { entityNotFound } from '../entities/entity-not-found.js';

/** Tells which beacon of the map a device is. */
@Controller()
export class DeviceRecordResponder {
  constructor(
    private readonly entities: EntityRepository,
    private readonly records: DeviceRecordRepository,
  ) {}

  @Answers(DEVICE_RECORDS_REQUESTS.find)
  async find({
    entity_id,
    device_id,
  }: {
    entity_id: string;
    device_id: string;
  }): Promise<{ record_id: string | null }> {
    if (!(await this.entities.find(entity_id))) throw entityNotFound(entity_id);
    return { record_id: await this.records.find(entity_id, device_id) };
  }
}
