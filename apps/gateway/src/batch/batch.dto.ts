import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { BATCH_TYPES, MAX_BATCH_ITEMS, type JsonObject } from '#libs/contracts';

const OBJECT = { type: 'object', additionalProperties: true } as const;

export class BatchItemRequest {
  @ApiPropertyOptional({ example: 'q-17', description: 'The caller’s own name of the item; comes back in its result.' })
  id?: string;

  @ApiProperty({ enum: BATCH_TYPES, example: 'task_status' })
  type!: string;

  @ApiProperty({ ...OBJECT, description: 'The body of the report’s own route; `event_ack` has `event_id` beside it.' })
  body!: JsonObject;
}

/** Items are checked one by one: a bad one does not keep the others back. */
export class BatchUploadRequest {
  @ApiProperty({ type: [BatchItemRequest], maxItems: MAX_BATCH_ITEMS })
  @ValidateBy({
    name: 'isList',
    validator: { validate: Array.isArray, defaultMessage: () => 'items must be an array' },
  })
  items!: readonly unknown[];
}

export class BatchItemResponse {
  @ApiProperty({ example: 0, description: 'Place of the item in the request.' })
  index!: number;

  @ApiPropertyOptional({ example: 'q-17' })
  id?: string;

  @ApiProperty({ enum: ['ok', 'error'] })
  status!: 'ok' | 'error';

  @ApiProperty({ example: 200, description: 'Status that the report’s own route would have answered with.' })
  http_status!: number;

  @ApiPropertyOptional({ ...OBJECT, example: { acknowledged: true, task_id: 'task-0193' } })
  body?: unknown;

  @ApiPropertyOptional({
    ...OBJECT,
    example: { code: 'TASK_NOT_FOUND', message: 'There is no such task.', details: {} },
  })
  error?: object;
}

export class BatchUploadResponse {
  @ApiProperty({ type: [BatchItemResponse] })
  results!: readonly BatchItemResponse[];

  @ApiProperty({ example: 99 })
  accepted!: number;

  @ApiProperty({ example: 1 })
  failed!: number;
}
