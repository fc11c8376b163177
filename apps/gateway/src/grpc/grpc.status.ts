import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { GRPC_METADATA, type ErrorBody, type MusterError } from '#libs/contracts';

/** HTTP status of an error code → gRPC status. */
const BY_HTTP_STATUS: ReadonlyMap<number, status> = new Map([
  [400, status.INVALID_ARGUMENT],
  [401, status.UNAUTHENTICATED],
  [403, status.PERMISSION_DENIED],
  [404, status.NOT_FOUND],
  [405, status.UNIMPLEMENTED],
  [406, status.INVALID_ARGUMENT],
  [408, status.DEADLINE_EXCEEDED],
  [409, status.FAILED_PRECONDITION],
  [410, status.FAILED_PRECONDITION],
  [413, status.RESOURCE_EXHAUSTED],
  [415, status.INVALID_ARGUMENT],
  [416, status.OUT_OF_RANGE],
  [422, status.INVALID_ARGUMENT],
  [429, status.RESOURCE_EXHAUSTED],
  [431, status.INVALID_ARGUMENT],
  [500, status.INTERNAL],
  [503, status.UNAVAILABLE],
  [504, status.DEADLINE_EXCEEDED],
]);

/** The gRPC status of an error, with its code and its whole body in the trailers. */
export function toStatus({ status: httpStatus }: Pick<MusterError, 'status'>, body: ErrorBody): StatusObject {
  const metadata = new Metadata();
  metadata.set(GRPC_METADATA.errorCode, body.error.code);
  metadata.set(GRPC_METADATA.errorBody, Buffer.from(JSON.stringify(body)));
  return { code: BY_HTTP_STATUS.get(httpStatus) ?? status.UNKNOWN, details: body.error.message, metadata };
}
