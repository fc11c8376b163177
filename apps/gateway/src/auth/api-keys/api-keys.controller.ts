import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ROUTES } from '#libs/contracts';
import { Endpoint } from '../../http/route.decorator.js';
import { ApiKeyService } from './api-key.service.js';
import {
  ApiKeyCreatedResponse,
  ApiKeyCreateRequest,
  ApiKeyPage,
  toApiKeyCreatedResponse,
  toApiKeyResponse,
} from './api-keys.dto.js';
import { AccountsQuery } from '../page.dto.js';
import { CurrentPrincipal } from '../guards/request.principal.js';

@ApiTags('api keys')
@Controller()
export class ApiKeysController {
  constructor(private readonly keys: ApiKeyService) {}

  @Endpoint(ROUTES.apiKeysCreate, { status: 201, response: ApiKeyCreatedResponse })
  async create(
    @Body() { name, roles }: ApiKeyCreateRequest,
    @CurrentPrincipal() by: Principal,
  ): Promise<ApiKeyCreatedResponse> {
    const { key, apiSecret } = await this.keys.create(name, roles, by);
    return toApiKeyCreatedResponse(key, apiSecret);
  }

  @Endpoint(ROUTES.apiKeysList, { response: ApiKeyPage })
  async list(@Query() { limit, after }: AccountsQuery): Promise<ApiKeyPage> {
    const page = await this.keys.list(limit, after);
    return { items: page.items.map(toApiKeyResponse), next: page.next };
  }

  @Endpoint(ROUTES.apiKeysDelete, { errors: ['API_KEY_NOT_FOUND'] })
  async delete(@Param('apiKeyId') apiKeyId: string): Promise<void> {
    await this.keys.delete(apiKeyId);
  }
}
