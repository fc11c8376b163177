import { Param, type PipeTransform } from '@nestjs/common';
import { isTokenId, MusterError } from '#libs/contracts';

class RolloutIdPath implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (isTokenId(value)) return value;
    throw new MusterError('ROLLOUT_NOT_FOUND', 'There is no such rollout.');
  }
}

/** `:rolloutId` of a path: what cannot be an id names no rollout. */
export const RolloutId = (): ParameterDecorator => Param('rolloutId', new RolloutIdPath());
