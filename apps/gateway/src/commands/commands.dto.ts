import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  COMMAND_STATUSES,
  requireRobotId,
  type BatchRequest,
  type CommandRequest,
  type CommandStatus,
  type JsonObject,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { NO_NUL } from '../http/storable.text.js';

const MAX_BATCH_ROBOTS = 1_000;

export class RetryPolicyRequest {
  @ApiProperty({ example: 2, minimum: 0 })
  @IsInt()
  @Min(0)
  maxRetries!: number;

  @ApiProperty({ example: 1_000, minimum: 0 })
  @IsInt()
  @Min(0)
  retryDelayMs!: number;
}

/** The ledger's policy has the limits of the numbers; here are the types (decision G6). */
export class CommandSendRequest {
  @ApiProperty({ example: 'dock', minLength: 1, maxLength: 64 })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  commandType!: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, default: {}, example: { station: 'dock-3' } })
  @IsOptional()
  @IsObject()
  payload?: JsonObject;

  @ApiPropertyOptional({ example: 30_000, description: 'From acceptance to result.' })
  @IsOptional()
  @IsInt()
  timeoutMs?: number;

  @ApiPropertyOptional({ format: 'date-time', description: 'The robot must not start later.' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  @IsISO8601({ strict: true })
  expiresAt?: string;

  @ApiPropertyOptional({ example: 5_000, description: 'Without any answer for this long it is sent again.' })
  @IsOptional()
  @IsInt()
  responseTimeoutMs?: number;

  @ApiPropertyOptional({ type: RetryPolicyRequest })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RetryPolicyRequest)
  retryPolicy?: RetryPolicyRequest;
}

export class BatchSendRequest extends CommandSendRequest {
  @ApiPropertyOptional({ type: [String], example: ['RB-001', 'RB-002'], maxItems: MAX_BATCH_ROBOTS })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_BATCH_ROBOTS)
  @IsString({ each: true })
  robotIds?: string[];

  @ApiPropertyOptional({ example: 'warehouse', description: 'Instead of robotIds: every robot with this tag.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  tag?: string;
}

export class CommandListQuery extends pageQuery({ usual: 50, max: 500 }) {
  @ApiPropertyOptional({ enum: COMMAND_STATUSES, description: 'Commands in this state.' })
  @IsOptional()
  @IsIn(COMMAND_STATUSES)
  status?: CommandStatus;
}

/** Null counts as omitted: the ledger has a default for each. */
export function toCommandRequest(request: CommandSendRequest): CommandRequest {
  const { commandType, payload, timeoutMs, expiresAt, responseTimeoutMs, retryPolicy } = request;
  return {
    commandType,
    payload: payload ?? {},
    ...given({ timeoutMs, expiresAt, responseTimeoutMs, retryPolicy }),
  };
}

/** @throws MusterError `ROBOT_ID_INVALID` for the first id that is none. */
export function toBatchRequest(request: BatchSendRequest): BatchRequest {
  const { robotIds, tag } = request;
  return { ...toCommandRequest(request), ...given({ robotIds: robotIds?.map(requireRobotId), tag }) };
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

function given<T extends object>(fields: T): Given<T>;
function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
