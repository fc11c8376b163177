import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import {
  FIRMWARE_ERRORS,
  FIRMWARE_STATUSES,
  type FirmwareError,
  type FirmwareReport,
  type FirmwareStatus,
  parseInstant,
} from '#libs/contracts';
import { IsInstant } from '../http/instant.field.js';
import { IsTokenId } from './upload.dto.js';

const VERSION = /^[\w.+-]{1,64}$/;
const VERSION_TEXT = { type: String, nullable: true, maxLength: 64 } as const;
const MAX_SECONDS = 2_592_000;
const MAX_MESSAGE_CHARACTERS = 2_000;

/** An error is named by its type alone, or by `{code, message}` (decision C31). */
function codeOf(error: unknown): FirmwareError | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
  return FIRMWARE_ERRORS.find((known) => known === code);
}

function messageOf(error: unknown): string | null {
  const isObject = typeof error === 'object' && error !== null && 'message' in error;
  return isObject && typeof error.message === 'string' ? error.message.slice(0, MAX_MESSAGE_CHARACTERS) : null;
}

const IsFirmwareError = (): PropertyDecorator =>
  ValidateBy({
    name: 'isFirmwareError',
    validator: {
      validate: (value) => codeOf(value) !== undefined,
      defaultMessage: () =>
        `error must be one of ${FIRMWARE_ERRORS.join(', ')}, or {code, message} with one of them; a failed update needs it`,
    },
  });

/** What an orchestrator reports about the update of a beacon (orchestrators.txt 4.4). */
export class FirmwareStatusRequest {
  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'Must be the token’s.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  entity_id?: string;

  @ApiProperty({ example: 'fw-beacon-v020' })
  @IsTokenId()
  firmware_id!: string;

  @ApiPropertyOptional({ type: String, example: 'rollout-001', nullable: true })
  @IsOptional()
  @IsTokenId()
  rollout_id?: string | null;

  @ApiProperty({ example: 'beacon-gate-5' })
  @IsTokenId()
  beacon_id!: string;

  @ApiProperty({ enum: FIRMWARE_STATUSES })
  @IsIn(FIRMWARE_STATUSES)
  status!: FirmwareStatus;

  @ApiPropertyOptional({ ...VERSION_TEXT, example: '0.1.8' })
  @IsOptional()
  @IsString()
  @Matches(VERSION)
  previous_version?: string | null;

  @ApiPropertyOptional({ ...VERSION_TEXT, example: '0.2.0' })
  @IsOptional()
  @IsString()
  @Matches(VERSION)
  new_version?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'The beacon’s clock.' })
  @IsOptional()
  @IsInstant()
  updated_at?: string | null;

  @ApiPropertyOptional({ type: Number, example: 45, nullable: true, minimum: 0 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_SECONDS)
  duration_seconds?: number | null;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string', enum: [...FIRMWARE_ERRORS] }, { type: 'object' }],
    nullable: true,
    description: 'Required when failed: the type, or {code, message}.',
  })
  @ValidateIf(({ status, error }: FirmwareStatusRequest) => status === 'failed' || (error ?? null) !== null)
  @IsFirmwareError()
  error?: unknown;
}

export function toFirmwareReport(request: FirmwareStatusRequest, now: Date): FirmwareReport {
  const { firmware_id, beacon_id, status, updated_at, error } = request;
  return {
    firmware_id,
    beacon_id,
    status,
    rollout_id: request.rollout_id ?? null,
    previous_version: request.previous_version ?? null,
    new_version: request.new_version ?? null,
    updated_at: new Date(updated_at ? parseInstant(updated_at) : now).toISOString(),
    duration_seconds: request.duration_seconds ?? null,
    error: codeOf(error) ?? null,
    error_message: messageOf(error),
  };
}
