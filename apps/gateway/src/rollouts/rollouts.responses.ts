import { ApiProperty } from '@nestjs/swagger';
import {
  ROLLOUT_DEVICE_STATES,
  ROLLOUT_REASONS,
  ROLLOUT_STATUSES,
  type RolloutDeviceDto,
  type RolloutDeviceState,
  type RolloutDryRunDto,
  type RolloutDto,
  type RolloutGroupDto,
  type RolloutPlanDto,
  type RolloutReason,
  type RolloutStatus,
} from '#libs/contracts';

const PLAN_EXAMPLE = {
  groups: [5, 25, 100],
  success_threshold: 0.95,
  error_threshold: { percent: 10 },
  soak_seconds: 0,
  device_deadline_seconds: 86_400,
  retry: { max_retries: 2, backoff_seconds: 300, errors: ['download_failed', 'checksum_mismatch'] },
};

export class RolloutGroupResponse implements RolloutGroupDto {
  @ApiProperty({ example: 1 })
  group!: number;

  @ApiProperty({ example: 5 })
  percent!: number;

  @ApiProperty({ enum: ['waiting', 'running', 'passed'] })
  state!: 'waiting' | 'running' | 'passed';

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { offered: 2, succeeded: 3 } })
  devices!: Readonly<Record<RolloutDeviceState, number>>;
}

export class RolloutResponse implements RolloutDto {
  @ApiProperty({ example: 'rollout-7c9e6679' })
  rollout_id!: string;

  @ApiProperty({ example: 'fw-beacon-v020' })
  firmware_id!: string;

  @ApiProperty({ enum: ROLLOUT_STATUSES })
  status!: RolloutStatus;

  @ApiProperty({ enum: ROLLOUT_REASONS, nullable: true })
  reason!: RolloutReason | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: PLAN_EXAMPLE })
  plan!: RolloutPlanDto;

  @ApiProperty({ example: 1, description: '1 for the first; 0 while it is preparing.' })
  active_group!: number;

  @ApiProperty({ type: [RolloutGroupResponse] })
  groups!: readonly RolloutGroupResponse[];

  @ApiProperty({ example: 'user:0f8fad5b-d9cb-469f-a165-70867728950e' })
  created_by!: string;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at!: string | null;
}

export class RolloutDeviceResponse implements RolloutDeviceDto {
  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ example: 1 })
  group!: number;

  @ApiProperty({ enum: ROLLOUT_DEVICE_STATES })
  state!: RolloutDeviceState;

  @ApiProperty({ example: 1 })
  attempts!: number;

  @ApiProperty({ type: String, nullable: true, example: 'download_failed' })
  error!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '0.1.8' })
  previous_version!: string | null;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;
}

export class RolloutDryRunResponse implements RolloutDryRunDto {
  @ApiProperty({ example: 'fw-beacon-v020' })
  firmware_id!: string;

  @ApiProperty({ example: '0.2.0' })
  version!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: PLAN_EXAMPLE })
  plan!: RolloutPlanDto;

  @ApiProperty({ example: 300 })
  total_devices!: number;

  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [{ group: 1, percent: 5, devices: 15 }] })
  groups!: RolloutDryRunDto['groups'];

  @ApiProperty({
    type: 'array',
    items: { type: 'object' },
    example: [{ entity_id: 'mall-a-uuid', beacon_id: 'beacon-gate-5', group: 1, from_version: '0.1.8' }],
  })
  devices!: RolloutDryRunDto['devices'];

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { hardware: 4, up_to_date: 12 } })
  left_out!: Readonly<Record<string, number>>;
}
