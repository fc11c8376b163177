import { Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { MAX_BATCH_ITEMS, MusterError, ROUTES } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { BatchUploadRequest, BatchUploadResponse } from './batch.dto.js';
import { BatchDispatcher } from './batch.dispatcher.js';

/** Takes what an orchestrator queued while it was offline (orchestrators.txt, appendix C). */
@ApiTags('orchestrators')
@Controller()
export class BatchController {
  constructor(private readonly dispatcher: BatchDispatcher) {}

  @Endpoint(ROUTES.orchestratorsBatch, { response: BatchUploadResponse, errors: ['ENTITY_ACCESS_DENIED'] })
  async upload(
    @JsonBody() { items }: BatchUploadRequest,
    @CurrentPrincipal() caller: Principal,
    @Req() request: FastifyRequest,
  ): Promise<BatchUploadResponse> {
    if (items.length > MAX_BATCH_ITEMS) {
      const details = { items: items.length, max: MAX_BATCH_ITEMS };
      throw new MusterError('PAYLOAD_TOO_LARGE', `A batch has at most ${MAX_BATCH_ITEMS} items.`, details);
    }
    const results = await this.dispatcher.dispatch(items, { caller, request });
    const accepted = results.filter(({ status }) => status === 'ok').length;
    return { results, accepted, failed: results.length - accepted };
  }
}
