import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  Param,
  type PipeTransform,
} from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  type Collection,
  COLLECTIONS,
  isCollection,
  MusterError,
  type RecordRef,
  requireTokenId,
} from '#libs/contracts';
import { requireRecordId } from './record.reading.js';

class EntityIdPath implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return requireTokenId(value, 'entity_id');
  }
}

/** `:entityId` of a path; refused with `VALIDATION_FAILED` before the body is looked at. */
export const EntityId = (): ParameterDecorator => Param('entityId', new EntityIdPath());

/** The collection that a path names. */
export type CollectionRef = Pick<RecordRef, 'entity_id' | 'collection'>;

/** `:entityId` and `:collection` of a path, checked; an unknown collection is as missing as its records. */
export const InCollection = createParamDecorator((_data: unknown, context: ExecutionContext): CollectionRef => {
  const { params } = context.switchToHttp().getRequest<PathRequest>();
  return { entity_id: requireTokenId(params['entityId'], 'entity_id'), collection: requireCollection(params) };
});

/** `:entityId`, `:collection` and `:recordId` of a path, checked. */
export const OneRecord = createParamDecorator((_data: unknown, context: ExecutionContext): RecordRef => {
  const { params } = context.switchToHttp().getRequest<PathRequest>();
  const entity_id = requireTokenId(params['entityId'], 'entity_id');
  return { entity_id, collection: requireCollection(params), record_id: requireRecordId(params['recordId']) };
});

const ENTITY_ID = { name: 'entityId', schema: { type: 'string' } } as const;
const COLLECTION = { name: 'collection', enum: COLLECTIONS } as const;
const RECORD_ID = { name: 'recordId', schema: { type: 'string' } } as const;
const IMPORT_ID = { name: 'importId', schema: { type: 'string', format: 'uuid' } } as const;

/** Says in the API documents what the path of a collection, a record or an import takes. */
export const CollectionPath = (): MethodDecorator => pathOf(ENTITY_ID, COLLECTION);
export const RecordPath = (): MethodDecorator => pathOf(ENTITY_ID, COLLECTION, RECORD_ID);
export const ImportPath = (): MethodDecorator => pathOf(ENTITY_ID, IMPORT_ID);

function pathOf(...parameters: readonly Parameters<typeof ApiParam>[0][]): MethodDecorator {
  return applyDecorators(...parameters.map((parameter) => ApiParam(parameter)));
}

type PathRequest = FastifyRequest<{ Params: Readonly<Record<string, string>> }>;

function requireCollection({ collection }: PathRequest['params']): Collection {
  if (isCollection(collection)) return collection;
  const message = 'There are the collections areas, beacons, merchants and connections.';
  throw new MusterError('RECORD_NOT_FOUND', message, { collection });
}
