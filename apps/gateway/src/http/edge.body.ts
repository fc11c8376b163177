import { Body, Param, type PipeTransform } from '@nestjs/common';
import { MusterError, requireRobotId } from '#libs/contracts';

class ObjectBody implements PipeTransform<unknown, object> {
  transform(value: unknown): object {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw new MusterError('VALIDATION_FAILED', 'The body must be one JSON object.', {
      fields: [{ field: 'body', problems: ['must be one JSON object'] }],
    });
  }
}

class RobotIdPath implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return requireRobotId(value);
  }
}

/** The body of a request, as its DTO: never an array, a text or nothing at all. */
export const JsonBody = (): ParameterDecorator => Body(new ObjectBody());

/** `:robotId` of a path. It is checked before the body is, and refused with `ROBOT_ID_INVALID`. */
export const RobotId = (): ParameterDecorator => Param('robotId', new RobotIdPath());
