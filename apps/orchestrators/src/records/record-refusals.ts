import { MusterError, RECORD_TYPES, type RecordRef } from '#libs/contracts';

export function recordNotFound({ collection, record_id }: RecordRef): MusterError {
  return new MusterError('RECORD_NOT_FOUND', `There is no ${RECORD_TYPES[collection]} ${record_id}.`, {
    collection,
    id: record_id,
  });
}

export function recordExists({ collection, record_id }: RecordRef): MusterError {
  return new MusterError('RECORD_EXISTS', `There is a ${RECORD_TYPES[collection]} ${record_id} already.`, {
    collection,
    id: record_id,
  });
}
