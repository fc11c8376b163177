import { Param, type PipeTransform } from '@nestjs/common';
import { MusterError, requireTokenId } from '#libs/contracts';

class BeaconIdPath implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return requireTokenId(value, 'beacon_id');
  }
}

/** `:beaconId` of a path; refused with `VALIDATION_FAILED` before the body is looked at. */
export const BeaconId = (): ParameterDecorator => Param('beaconId', new BeaconIdPath());

/** A body that may be left out. */
export class OptionalObject implements PipeTransform<unknown, object> {
  transform(value: unknown): object {
    if (value === undefined) return {};
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    const problems = ['must be one JSON object'];
    throw new MusterError('VALIDATION_FAILED', `The body ${problems[0]}.`, { fields: [{ field: 'body', problems }] });
  }
}
