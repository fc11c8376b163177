import { Controller, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { FIRMWARE_REQUESTS, ROUTES, type CachedFirmwareDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { entityOf, requireOwnEntity } from '../isolation/entity.access.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { FileReceiver } from './file.receiver.js';
import { CachedFirmwareResponse } from './firmware.responses.js';
import { readFields } from './form.fields.js';
import { formOf } from './form.schema.js';
import { FirmwareCacheFields } from './upload.dto.js';

/** Takes firmware that reached an orchestrator another way. */
@ApiTags('firmware')
@ApiExtraModels(FirmwareCacheFields)
@Controller()
export class CacheUploadController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly receiver: FileReceiver,
  ) {}

  @Endpoint(ROUTES.firmwareCache, { response: CachedFirmwareResponse, errors: ['FIRMWARE_HASH_MISMATCH'] })
  @ApiConsumes('multipart/form-data')
  @ApiBody(formOf(FirmwareCacheFields))
  cache(@Req() request: FastifyRequest, @CurrentPrincipal() principal: Principal): Promise<CachedFirmwareDto> {
    const { by } = requesterOf(principal);
    return this.receiver.receive(request, async ({ fields, file }) => {
      requireOwnEntity(principal, { body: fields });
      const { firmware_id, target } = await readFields(FirmwareCacheFields, fields);
      const asked = { entity_id: entityOf(principal), firmware_id, target, file, by };
      const { answer, kept } = await this.rpc.ask(FIRMWARE_REQUESTS.cache, asked);
      return { answer, isNeeded: kept };
    });
  }
}
