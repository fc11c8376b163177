import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { TaskCoordinates, TaskError, TaskPlace } from '#libs/contracts';
import { NO_NUL } from '../http/storable.text.js';

const MAX_ERROR_CHARACTERS = 2_000;

/** Metres on the map of one floor. */
export class CoordinatesField {
  @ApiProperty({ example: 100.5 })
  @IsNumber()
  x!: number;

  @ApiProperty({ example: 50.2 })
  @IsNumber()
  y!: number;

  @ApiPropertyOptional({ example: 0, default: 0 })
  @IsOptional()
  @IsNumber()
  z?: number | null;

  @ApiPropertyOptional({ type: String, example: 'L1', maxLength: 64, nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(NO_NUL)
  floor?: string | null;
}

export class PlaceField {
  @ApiProperty({ example: 'area-merchant-5', maxLength: 128 })
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  area_id!: string;

  @ApiPropertyOptional({ type: CoordinatesField, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesField)
  coordinates?: CoordinatesField | null;
}

/** `error` of a report: a text, or `{code, message}` with at least one of them (decision C31). */
export const IsTaskError = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTaskError',
    validator: {
      validate: (value) => readTaskError(value) !== undefined,
      defaultMessage: () => 'error must be a text or {code, message}; a report of failure needs it',
    },
  });

export const TASK_ERROR_SCHEMA = {
  nullable: true,
  oneOf: [
    { type: 'string', example: 'The lift is out of order.' },
    { type: 'object', properties: { code: { type: 'string' }, message: { type: 'string' } } },
  ],
  description: 'Required when the status is `failed`.',
};

export function toTaskError(value: unknown): TaskError | null {
  return readTaskError(value) ?? null;
}

/** `undefined` for what is no error. */
function readTaskError(value: unknown): TaskError | undefined {
  if (isText(value)) return { code: null, message: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const code = 'code' in value ? value.code : null;
  const message = 'message' in value ? value.message : null;
  if (!isTextOrNothing(code) || !isTextOrNothing(message)) return undefined;
  const text = message ?? code ?? undefined;
  return text === undefined ? undefined : { code: code ?? null, message: text };
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_ERROR_CHARACTERS && NO_NUL.test(value);
const isTextOrNothing = (value: unknown): value is string | null | undefined =>
  value === null || value === undefined || isText(value);

export function toCoordinates(field: CoordinatesField | null | undefined): TaskCoordinates | null {
  return field ? { x: field.x, y: field.y, z: field.z ?? 0, floor: field.floor ?? null } : null;
}

export function toPlace(field: PlaceField | null | undefined): TaskPlace | null {
  return field ? { area_id: field.area_id, coordinates: toCoordinates(field.coordinates) } : null;
}
