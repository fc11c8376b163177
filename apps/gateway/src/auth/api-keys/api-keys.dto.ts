import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsIn, IsString, Length } from 'class-validator';
import { USER_ROLES, type UserRole } from '#libs/contracts';
import type { ApiKey } from './api-key.entity.js';

export class ApiKeyCreateRequest {
  @ApiProperty({ example: 'dispatch service' })
  @IsString()
  @Length(1, 100)
  name!: string;

  @ApiProperty({ enum: USER_ROLES, isArray: true, example: ['operator'] })
  @IsIn(USER_ROLES, { each: true })
  @ArrayNotEmpty()
  @ArrayUnique()
  @ArrayMaxSize(USER_ROLES.length)
  roles!: UserRole[];
}

export class ApiKeyResponse {
  @ApiProperty({ example: '0f8fad5b-d9cb-469f-a165-70867728950e' })
  id!: string;

  @ApiProperty({ example: 'dispatch service' })
  name!: string;

  @ApiProperty({ example: 'mk_…', description: 'For the header X-API-Key.' })
  apiKey!: string;

  @ApiProperty({ enum: USER_ROLES, isArray: true })
  roles!: readonly UserRole[];

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class ApiKeyCreatedResponse extends ApiKeyResponse {
  @ApiProperty({ example: 'ms_…', description: 'For the header X-API-Secret. Shown this once.' })
  apiSecret!: string;
}

export class ApiKeyPage {
  @ApiProperty({ type: [ApiKeyResponse] })
  items!: readonly ApiKeyResponse[];

  @ApiProperty({ type: String, nullable: true, description: 'Send it as `after`; null on the last page.' })
  next!: string | null;
}

export function toApiKeyResponse({ apiKeyId, name, apiKey, roles, createdAt }: ApiKey): ApiKeyResponse {
  return { id: apiKeyId, name, apiKey, roles, createdAt: createdAt.toISOString() };
}

export function toApiKeyCreatedResponse(key: ApiKey, apiSecret: string): ApiKeyCreatedResponse {
  const { apiKeyId, name, apiKey, roles, createdAt } = key;
  return { id: apiKeyId, name, apiKey, apiSecret, roles, createdAt: createdAt.toISOString() };
}
