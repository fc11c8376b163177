import type { JsonObject } from '../robots/envelope.js';
import type {
  ChangePage,
  EnrolmentSecretDto,
  EntityCreatedDto,
  EntityDto,
  EntityFields,
  EntityPage,
  NewEntity,
  NewRecord,
  RecordPage,
  RecordQuery,
  RecordRef,
  RecordReplaced,
  WireRecord,
} from './entities.dto.js';
import { request } from '../requests.js';

interface OfEntity {
  readonly entity_id: string;
}
interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** Malls and the records of their maps, as the service `orchestrators` keeps them. */
export const ENTITIES_REQUESTS = {
  create: request<NewEntity, EntityCreatedDto>('rpc.orchestrators.entities.create'),
  list: request<Paging, EntityPage>('rpc.orchestrators.entities.list'),
  get: request<OfEntity, EntityDto>('rpc.orchestrators.entities.get'),
  /** Omitted fields stay; `null` clears. */
  update: request<OfEntity & { readonly fields: Partial<EntityFields> }, EntityDto>(
    'rpc.orchestrators.entities.update',
  ),
  remove: request<OfEntity, { readonly ok: true }>('rpc.orchestrators.entities.remove'),
  enrol: request<OfEntity, EnrolmentSecretDto>('rpc.orchestrators.entities.enrol'),
  changes: request<OfEntity & Paging, ChangePage>('rpc.orchestrators.entities.changes'),
  listRecords: request<RecordQuery, RecordPage>('rpc.orchestrators.records.list'),
  getRecord: request<RecordRef, WireRecord>('rpc.orchestrators.records.get'),
  createRecord: request<NewRecord, WireRecord>('rpc.orchestrators.records.create'),
  replaceRecord: request<RecordRef & { readonly fields: JsonObject }, RecordReplaced>(
    'rpc.orchestrators.records.replace',
  ),
  deleteRecord: request<RecordRef, { readonly ok: true }>('rpc.orchestrators.records.delete'),
} as const;
