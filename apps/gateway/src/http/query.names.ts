import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';

interface Given {
  readonly value: unknown;
  /** The query as it came. */
  readonly obj: Readonly<Record<string, unknown>>;
}

/**
 * Reads a query parameter by other names too, when it is not there by its own: an unknown one would be silently ignored.
 * Stands above other transformations of the property, which run in the order in which they are written.
 */
export function AlsoNamed(...names: readonly string[]): PropertyDecorator {
  return applyDecorators(
    Expose(),
    Transform(({ value, obj }: Given) => value ?? names.map((name) => obj[name]).find((other) => other !== undefined)),
  );
}
