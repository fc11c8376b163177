import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import {
  ORCHESTRATOR_EVENTS,
  type ConfigurationDto,
  type EntityEventDto,
  type EntityEventPage,
  type JsonObject,
  type OrchestratorEventName,
  type StoredEventAck,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { NO_NUL } from '../http/storable.text.js';

const OBJECT = { type: 'object', additionalProperties: true } as const;
/** What is left below the largest integer of Postgres is for counting on. */
const MAX_VERSION = 1_000_000_000;
const EVENT_ID = { example: 'evt-123456' } as const;

export class EventAckBody {
  @ApiPropertyOptional({ example: 'applied', default: 'acknowledged', description: 'In the orchestrator’s words.' })
  @IsOptional()
  @IsString()
  @Matches(/^[\w.:-]{1,64}$/, { message: 'status must be 1 to 64 letters, digits or any of _ . : -' })
  status?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Why it could not be applied.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  @Matches(NO_NUL)
  error?: string | null;
}

/** In a batch the event's id stands beside the rest. */
export class QueuedEventAckBody extends EventAckBody {
  @ApiProperty(EVENT_ID)
  @IsString()
  @MaxLength(64)
  event_id!: string;
}

export class EventAckResponse {
  @ApiProperty({ enum: [true] })
  acknowledged!: true;

  @ApiProperty(EVENT_ID)
  event_id!: string;
}

class AckResponse implements Omit<StoredEventAck, 'event_id'> {
  @ApiProperty({ example: 'orch-mall-a-001' })
  orchestrator_id!: string;

  @ApiProperty({ example: 'applied' })
  status!: string;

  @ApiProperty({ type: String, nullable: true })
  error!: string | null;

  @ApiProperty({ format: 'date-time' })
  acknowledged_at!: string;
}

class EntityEventResponse implements EntityEventDto {
  @ApiProperty(EVENT_ID)
  event_id!: string;

  @ApiProperty({ enum: ORCHESTRATOR_EVENTS })
  event!: OrchestratorEventName;

  @ApiProperty(OBJECT)
  data!: JsonObject;

  @ApiProperty({ format: 'date-time', description: 'The broker’s clock.' })
  created_at!: string;

  @ApiProperty({ type: [AckResponse] })
  acks!: readonly AckResponse[];
}

export class EntityEventPageResponse implements EntityEventPage {
  @ApiProperty({ type: [EntityEventResponse], description: 'Newest first.' })
  events!: readonly EntityEventResponse[];

  @ApiProperty({ type: String, nullable: true, description: 'Where the next page begins; null on the last one.' })
  next!: string | null;
}

export class EntityEventsQuery extends pageQuery({ usual: 50, max: 200 }) {}

export class ConfigurationBody {
  @ApiProperty({ example: 'robot_selection_params' })
  @IsString()
  @Matches(/^[A-Za-z0-9_.-]{1,64}$/, { message: 'type must be 1 to 64 letters, digits, "_", "." or "-"' })
  type!: string;

  @ApiProperty({ ...OBJECT, example: { min_battery_threshold: 25, max_distance_meters: 500 } })
  @IsObject()
  config!: JsonObject;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: MAX_VERSION,
    example: 2,
    description: 'Taken when it is higher than the last one; else, and when left out, the next number is.',
  })
  @ValidateIf(({ version }: ConfigurationBody) => version !== undefined)
  @IsInt()
  @Min(1)
  @Max(MAX_VERSION)
  version?: number;
}

export class ConfigurationResponse implements ConfigurationDto {
  @ApiProperty({ example: 'robot_selection_params' })
  type!: string;

  @ApiProperty(OBJECT)
  config!: JsonObject;

  @ApiProperty({ minimum: 1, description: 'Rises for each type.' })
  version!: number;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;

  @ApiProperty({ example: 'user:5f0c' })
  updated_by!: string;

  @ApiProperty({ type: AckResponse, nullable: true, description: 'Of this version; null while there is none.' })
  acknowledgement!: AckResponse | null;
}
