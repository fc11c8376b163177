import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { parseInstant } from '#libs/contracts';

const DATE_FIRST = /^\d{4}-\d{2}-\d{2}/;

/** Whether `value` is ISO 8601 text, as `2026-11-20T10:00:00Z`; one without a zone is UTC (decision A18). */
export function isInstantText(value: unknown): boolean {
  return typeof value === 'string' && DATE_FIRST.test(value) && !Number.isNaN(parseInstant(value));
}

/** ISO 8601 text; one without a zone is UTC (decision A18). */
export const IsInstant = (): PropertyDecorator =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: isInstantText,
      defaultMessage: (check) => `${check?.property ?? 'it'} must be ISO 8601, as 2026-11-20T10:00:00Z`,
    },
  });

/** In a URL a plus that nobody encoded is a space: `…T10:00:00+02:00` comes as `…T10:00:00 02:00`. */
export const ZoneFromUrl = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/(T\S+) (?=\d{2}:?\d{2}$)/, '$1+') : value,
  );
