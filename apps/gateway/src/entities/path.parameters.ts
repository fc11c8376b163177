import { createParamDecorator, type ExecutionContext, Param, type PipeTransform } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Collection, isCollection, MusterError, type RecordRef, requireTokenId } from '#libs/contracts';
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

type PathRequest = FastifyRequest<{ Params: Readonly<Record<string, string>> }>;

function requireCollection({ collection }: PathRequest['params']): Collection {
  if (isCollection(collection)) return collection;
  const message = 'There are the collections areas, beacons, merchants and connections.';
  throw new MusterError('RECORD_NOT_FOUND', message, { collection });
}
