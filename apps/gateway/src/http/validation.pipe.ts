import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { MusterError } from '#libs/contracts';

interface FieldProblem {
  /** Where in the body, parameters or query, e.g. `retryPolicy.maxRetries` or `tags[2]`. */
  readonly field: string;
  readonly problems: readonly string[];
}

/** Checks bodies, parameters and queries against their DTO. Unknown fields are dropped (decision G3). */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidUnknownValues: false,
    exceptionFactory: (errors) => toValidationError(errors),
  });
}

/** The failure that a caller sees, with the path of every bad field in `details.fields`. */
export function toValidationError(errors: readonly ValidationError[]): MusterError {
  const fields = errors.flatMap((error) => problemsOf(error, ''));
  const message = fields.map(({ problems }) => problems.join(', ')).join('; ') || 'The request is not valid.';
  return new MusterError('VALIDATION_FAILED', message, { fields });
}

function problemsOf({ property, constraints, children = [] }: ValidationError, parent: string): FieldProblem[] {
  const field = joined(parent, property);
  const own = constraints ? [{ field, problems: Object.values(constraints) }] : [];
  return [...own, ...children.flatMap((child) => problemsOf(child, field))];
}

function joined(parent: string, property: string): string {
  if (parent === '') return property;
  return /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
}
