import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, Length, Matches, ValidateIf, ValidateNested } from 'class-validator';
import {
  type JsonObject,
  TASK_GROUPINGS,
  TASK_PRIORITIES,
  TASK_STATUSES,
  type TaskGrouping,
  type TaskOrder,
  type TaskPriority,
  type TaskStatus,
} from '#libs/contracts';
import { IsInstant, ZoneFromUrl } from '../http/instant.field.js';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';
import { PlaceField, toPlace } from './task.fields.js';

/** As the entity, a robot and an orchestrator may be called. */
const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const TYPE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const DELIVERY = 'delivery';

/** Goods have to come from somewhere and go somewhere; a patrol or a way home may leave it open. */
const needsPlaces = ({ type }: TaskCreateRequest): boolean => type === DELIVERY;

export class TaskCreateRequest {
  @ApiProperty({ example: 'mall-a-uuid' })
  @Matches(TOKEN_ID)
  entity_id!: string;

  @ApiPropertyOptional({
    example: DELIVERY,
    default: DELIVERY,
    description: '`delivery`, `patrol`, `return_home`, `emergency`, or a word of the mall’s own.',
  })
  @IsString()
  @Matches(TYPE)
  type: string = DELIVERY;

  @ApiPropertyOptional({ enum: TASK_PRIORITIES, default: 'normal' })
  @IsIn(TASK_PRIORITIES)
  priority: TaskPriority = 'normal';

  @ApiPropertyOptional({ type: PlaceField, nullable: true, description: 'Required for a delivery.' })
  @ValidateIf((task: TaskCreateRequest) => needsPlaces(task) || (task.source ?? null) !== null)
  @IsObject()
  @ValidateNested()
  @Type(() => PlaceField)
  source?: PlaceField | null;

  @ApiPropertyOptional({ type: PlaceField, nullable: true, description: 'Required for a delivery.' })
  @ValidateIf((task: TaskCreateRequest) => needsPlaces(task) || (task.destination ?? null) !== null)
  @IsObject()
  @ValidateNested()
  @Type(() => PlaceField)
  destination?: PlaceField | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    default: {},
    example: { order_id: 'order-789', customer_phone: '+1234567890' },
    description:
      'For whoever carries it out, at most 32 KiB; `customer_phone` is shown to its author, operators and the mall.',
  })
  @IsOptional()
  @IsObject()
  payload?: JsonObject | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Cancelled when no robot has it until then. Also named `expires_at`.',
  })
  @AlsoNamed('expires_at')
  @IsOptional()
  @IsInstant()
  deadline?: string | null;
}

export function toTaskOrder(request: TaskCreateRequest): TaskOrder {
  const { entity_id, type, priority, source, destination, payload, deadline } = request;
  return {
    entity_id,
    type,
    priority,
    source: toPlace(source),
    destination: toPlace(destination),
    payload: payload ?? {},
    deadline: deadline ?? null,
  };
}

export class TaskCancelRequest {
  @ApiPropertyOptional({ example: 'The customer changed her mind.', default: 'cancelled', maxLength: 500 })
  @IsOptional()
  @IsString()
  @Length(1, 500)
  @Matches(NO_NUL)
  reason?: string | null;
}

class TaskIntervalQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'Made then or later. Also named `since`.' })
  @AlsoNamed('since')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Made before then. Also named `until`.' })
  @AlsoNamed('until')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'Tasks of this mall.' })
  @IsOptional()
  @Matches(TOKEN_ID)
  entity_id?: string;
}

export class TaskListRequest extends IntersectionType(TaskIntervalQuery, pageQuery({ usual: 50, max: 200 })) {
  @ApiPropertyOptional({ enum: TASK_STATUSES, description: 'Tasks in this state.' })
  @IsOptional()
  @IsIn(TASK_STATUSES)
  status?: TaskStatus;

  @ApiPropertyOptional({ example: 'robot-007', description: 'Tasks that this robot has or had.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  robot_id?: string;
}

export class TaskAnalyticsRequest extends TaskIntervalQuery {
  @ApiPropertyOptional({
    enum: TASK_GROUPINGS,
    default: 'none',
    description: 'Figures of each robot or day (UTC) too.',
  })
  @IsOptional()
  @IsIn(TASK_GROUPINGS)
  group_by?: TaskGrouping;
}
