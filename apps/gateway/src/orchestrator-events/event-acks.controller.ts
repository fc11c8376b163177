import { Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ROUTES } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { BatchTypes } from '../batch/batch.types.js';
import { JsonBody } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { EventAcknowledger, PLAIN_STATUS } from './event.acknowledger.js';
import { EventAckBody, EventAckResponse, QueuedEventAckBody } from './events.dto.js';
import { streamCallerOf } from './stream.caller.js';

@ApiTags('orchestrators')
@Controller()
export class EventAcksController {
  constructor(
    private readonly acknowledger: EventAcknowledger,
    batch: BatchTypes,
  ) {
    batch.add('event_ack', QueuedEventAckBody, (ack, caller) => this.acknowledge(ack.event_id, ack, caller));
  }

  @Endpoint(ROUTES.orchestratorsAckEvent, {
    response: EventAckResponse,
    errors: ['EVENT_NOT_FOUND', 'ENTITY_NOT_FOUND', 'ENTITY_ACCESS_DENIED'],
  })
  async acknowledge(
    @Param('eventId') eventId: string,
    @JsonBody() { status = PLAIN_STATUS, error = null }: EventAckBody,
    @CurrentPrincipal() principal: Principal,
  ): Promise<EventAckResponse> {
    await this.acknowledger.acknowledge(streamCallerOf(principal), { event_id: eventId, status, error });
    return { acknowledged: true, event_id: eventId };
  }
}
