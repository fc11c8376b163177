import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  MusterError,
  ROLLOUT_DEVICE_STATES,
  ROLLOUT_STATUSES,
  type RolloutDeviceState,
  type RolloutPlanDto,
  type RolloutRequest,
  type RolloutStatus,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { NO_NUL } from '../http/storable.text.js';

const MAX_GROUPS = 500;
const MAX_ENTITIES = 1_000;
const YEAR_S = 31_536_000;
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const STRATEGIES = ['canary', 'phased', 'all'] as const;

export class ErrorThresholdRequest {
  @ApiPropertyOptional({ example: 3, description: 'More failed devices than this in a group halt the rollout.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  count?: number;

  @ApiPropertyOptional({
    example: 10,
    description: 'More failed devices than this percent of a group halt the rollout.',
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  percent?: number;
}

export class RolloutRetryRequest {
  @ApiProperty({ example: 2 })
  @IsInt()
  @Min(0)
  @Max(20)
  max_retries!: number;

  @ApiProperty({ example: 300, description: 'Before the first retry, doubled before each further one.' })
  @IsInt()
  @Min(0)
  @Max(86_400)
  backoff_seconds!: number;

  @ApiProperty({ example: ['download_failed', 'checksum_mismatch'] })
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  errors!: string[];
}

/** Every part is optional: what is left out is the strategy's. */
export class RolloutPlanRequest {
  @ApiPropertyOptional({ example: [5, 25, 100], description: 'Cumulative percent, rising, the last 100; at most 500.' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_GROUPS)
  @IsNumber({}, { each: true })
  groups?: number[];

  @ApiPropertyOptional({ example: 0.95, description: 'Share of a group that must succeed before the next starts.' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  success_threshold?: number;

  @ApiPropertyOptional({ type: ErrorThresholdRequest, description: 'One of its two fields.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ErrorThresholdRequest)
  error_threshold?: ErrorThresholdRequest;

  @ApiPropertyOptional({ example: 3_600, description: 'How long the success threshold must hold.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(YEAR_S)
  soak_seconds?: number;

  @ApiPropertyOptional({ example: 86_400, description: 'How long a device may be silent before it has failed.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(YEAR_S)
  device_deadline_seconds?: number;

  @ApiPropertyOptional({ type: RolloutRetryRequest })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RolloutRetryRequest)
  retry?: RolloutRetryRequest;
}

export class RolloutCreateRequest {
  @ApiProperty({ example: 'fw-beacon-v020' })
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  firmware_id!: string;

  @ApiPropertyOptional({ enum: STRATEGIES, default: 'canary' })
  @IsOptional()
  @IsIn(STRATEGIES)
  strategy?: (typeof STRATEGIES)[number];

  @ApiPropertyOptional({ type: RolloutPlanRequest })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RolloutPlanRequest)
  plan?: RolloutPlanRequest;

  @ApiPropertyOptional({ example: ['mall-a-uuid'], description: 'Only beacons of these entities.' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @ArrayMaxSize(MAX_ENTITIES)
  @Matches(TOKEN, { each: true })
  entity_ids?: string[];
}

export class RolloutResumeRequest {
  @ApiPropertyOptional({ default: false, description: 'Go on although a group missed its success threshold.' })
  @IsOptional()
  @IsBoolean()
  force?: boolean;
}

export class RolloutListQuery extends pageQuery({ usual: 20, max: 100 }) {
  @ApiPropertyOptional({ enum: ROLLOUT_STATUSES, description: 'Only rollouts in this state.' })
  @IsOptional()
  @IsIn(ROLLOUT_STATUSES)
  status?: RolloutStatus;

  @ApiPropertyOptional({ example: 'fw-beacon-v020', description: 'Only rollouts of this firmware.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  firmware_id?: string;
}

export class RolloutDeviceQuery extends pageQuery({ usual: 100, max: 1_000 }) {
  @ApiPropertyOptional({ example: 1, description: 'Only devices of this group; 1 is the first.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_GROUPS)
  group?: number;

  @ApiPropertyOptional({ enum: ROLLOUT_DEVICE_STATES, description: 'Only devices in this state.' })
  @IsOptional()
  @IsIn(ROLLOUT_DEVICE_STATES)
  state?: RolloutDeviceState;
}

/** @throws MusterError `VALIDATION_FAILED` for groups or thresholds that contradict themselves. */
export function toRolloutRequest({ firmware_id, strategy, plan, entity_ids }: RolloutCreateRequest): RolloutRequest {
  return {
    firmware_id,
    ...(strategy === undefined ? {} : { strategy }),
    ...(entity_ids === undefined ? {} : { entity_ids }),
    ...(plan === undefined ? {} : { plan: toPlan(plan) }),
  };
}

function toPlan({ groups, error_threshold, ...rest }: RolloutPlanRequest): Partial<RolloutPlanDto> {
  const last = groups?.at(-1);
  const isRising = groups?.every((percent, index) => percent > (groups[index - 1] ?? 0)) ?? true;
  if (groups !== undefined && (!isRising || last !== 100)) {
    throw refused('plan.groups', 'must rise from above 0 to 100, the last');
  }
  return {
    ...rest,
    ...(groups === undefined ? {} : { groups }),
    ...(error_threshold === undefined ? {} : { error_threshold: toThreshold(error_threshold) }),
  };
}

function toThreshold({ count, percent }: ErrorThresholdRequest): RolloutPlanDto['error_threshold'] {
  if (count !== undefined && percent === undefined) return { count };
  if (percent !== undefined && count === undefined) return { percent };
  throw refused('plan.error_threshold', 'must have either count or percent');
}

function refused(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
