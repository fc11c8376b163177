import { Controller, Param, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { FIRMWARE_REQUESTS, MusterError, requireTokenId, ROUTES, type FirmwareDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody } from '../http/edge.body.js';
import { PublicUrl } from '../http/public.url.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { FileReceiver, type ReceivedForm } from './file.receiver.js';
import { FirmwareResponse } from './firmware.responses.js';
import { readFields } from './form.fields.js';
import { formOf } from './form.schema.js';
import { FirmwareUploadFields, PromoteRequest, toRelease } from './upload.dto.js';

/** The service reads the file once more, to check and to sign it. */
const PUBLISH_TIMEOUT_MS = 120_000;

/** Publishes firmware and takes it back. */
@ApiTags('firmware')
@ApiExtraModels(FirmwareUploadFields)
@Controller()
export class PublishingController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly receiver: FileReceiver,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Endpoint(ROUTES.firmwaresUpload, {
    response: FirmwareResponse,
    status: 201,
    errors: ['FIRMWARE_EXISTS', 'FIRMWARE_HASH_MISMATCH'],
  })
  @ApiResponse({ status: 200, type: FirmwareResponse, description: 'The same release was there already.' })
  @ApiConsumes('multipart/form-data')
  @ApiBody(formOf(FirmwareUploadFields))
  upload(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
  ): Promise<FirmwareDto> {
    const public_url = this.publicUrl.of(request);
    const { by } = requesterOf(principal);
    return this.receiver.receive(request, async (form) => {
      const fields = await readFields(FirmwareUploadFields, form.fields);
      requireChecksum(fields, form);
      const release = toRelease(fields, fields.target, fields.firmware_id);
      const asked = { release, file: form.file, by, public_url };
      const { firmware, created } = await this.rpc.ask(FIRMWARE_REQUESTS.publish, asked, PUBLISH_TIMEOUT_MS);
      if (!created) void reply.status(200);
      return { answer: firmware, isNeeded: created };
    });
  }

  @Endpoint(ROUTES.firmwaresPromote, {
    response: FirmwareResponse,
    status: 201,
    errors: ['FIRMWARE_NOT_FOUND', 'FIRMWARE_EXISTS'],
  })
  promote(
    @Param('firmwareId') firmwareId: string,
    @JsonBody() body: PromoteRequest,
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<FirmwareDto> {
    const firmware_id = requireTokenId(firmwareId, 'firmware_id');
    const { by } = requesterOf(principal);
    const asked = { firmware_id, entity_id: body.entity_id ?? null, release: toRelease(body, ''), by };
    const public_url = this.publicUrl.of(request);
    return this.rpc.ask(FIRMWARE_REQUESTS.promote, { ...asked, public_url }, PUBLISH_TIMEOUT_MS);
  }

  @Endpoint(ROUTES.firmwaresWithdraw, { response: FirmwareResponse, errors: ['FIRMWARE_NOT_FOUND'] })
  withdraw(
    @Param('firmwareId') firmwareId: string,
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<FirmwareDto> {
    const firmware_id = requireTokenId(firmwareId, 'firmware_id');
    const { by } = requesterOf(principal);
    return this.rpc.ask(FIRMWARE_REQUESTS.withdraw, { firmware_id, by, public_url: this.publicUrl.of(request) });
  }
}

/** The file must be the one that its sender meant. */
function requireChecksum({ checksum }: FirmwareUploadFields, { file }: ReceivedForm): void {
  if (checksum === undefined) return;
  const expected = `sha256:${checksum.replace(/^sha256:/, '').toLowerCase()}`;
  if (expected === file.checksum) return;
  throw new MusterError('FIRMWARE_HASH_MISMATCH', 'The file that came in is not the one of the checksum.', {
    checksum: file.checksum,
    expected_checksum: expected,
  });
}
