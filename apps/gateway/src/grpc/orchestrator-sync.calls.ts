import { Injectable, Logger } from '@nestjs/common';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
} from '@grpc/grpc-js';
import { HTTP_HEADERS, isErrorCode, MusterError, ROUTES, toErrorBody, type ErrorBody } from '#libs/contracts';
import { requestIdOf, toHttpError } from '#libs/platform';
import { OrchestratorSessions } from '../orchestrator-events/orchestrator.sessions.js';
import { StreamDoor } from '../orchestrator-events/stream.door.js';
import { headersOf } from './grpc.metadata.js';
import { toStatus } from './grpc.status.js';
import { GrpcTransport } from './grpc.transport.js';
import { RestCalls, type RestAnswer, type RestCall } from './rest.calls.js';
import { bytesOf, fieldsOf, textOf, toSyncCall, type Fields } from './sync.request.js';

type Unary = ServerUnaryCall<object, object>;
type Streaming = ServerWritableStream<object, object>;

/** What the service `OrchestratorSync` does (appendix A): REST's requests by other names, and the one event stream. */
@Injectable()
export class OrchestratorSyncCalls {
  private readonly logger = new Logger('Grpc');

  constructor(
    private readonly rest: RestCalls,
    private readonly door: StreamDoor,
    private readonly sessions: OrchestratorSessions,
  ) {}

  readonly register = this.unary((fields) => ({
    route: ROUTES.orchestratorsRegister,
    body: bytesOf(fields, 'payload'),
  }));

  readonly reportHeartbeat = this.unary((fields) => ({
    route: ROUTES.orchestratorsHeartbeat,
    body: bytesOf(fields, 'payload'),
  }));

  readonly syncData = this.unary(toSyncCall);

  readonly streamEvents: handleServerStreamingCall<object, object> = (call) => void this.stream(call);

  private async stream(call: Streaming): Promise<void> {
    const headers = headersOf(call.metadata);
    const transport = new GrpcTransport(call, requestIdOf(headers[HTTP_HEADERS.requestId]));
    const fields = fieldsOf(call.request);
    const entityId = textOf(fields, 'entity_id');
    const lastEventId = textOf(fields, 'last_event_id') ?? headers[HTTP_HEADERS.lastEventId];
    try {
      this.sessions.requireOpen();
      const mentions = { headers, body: { entity_id: entityId } };
      const credentials = { authorization: headers['authorization'] };
      const origin = { action: 'orchestratorsStream', address: addressOf(call), userAgent: headers['user-agent'] };
      const { caller, place } = await this.door.open({ credentials, mentions, lastEventId, origin });
      if (!call.cancelled) await this.sessions.serve(caller, transport, place);
    } catch (error) {
      transport.end(this.toMusterError(error));
    }
  }

  private unary(
    toCall: (fields: Fields) => Pick<RestCall, 'route' | 'query' | 'body'>,
  ): handleUnaryCall<object, object> {
    return (call, answer) => {
      this.carryOut(call, toCall).then(
        (payload) => answer(null, { payload }),
        (error: unknown) => answer(this.statusOf(error, call)),
      );
    };
  }

  private async carryOut(
    call: Unary,
    toCall: (fields: Fields) => Pick<RestCall, 'route' | 'query' | 'body'>,
  ): Promise<Buffer> {
    const address = addressOf(call);
    const answer = await this.rest.carryOut({
      ...toCall(fieldsOf(call.request)),
      headers: headersOf(call.metadata),
      address,
    });
    if (answer.status < 400) return answer.payload;
    throw new RefusedCall(answer);
  }

  private statusOf(error: unknown, call: Unary): StatusObject {
    if (error instanceof RefusedCall) return error.status;
    const known = this.toMusterError(error);
    return toStatus(known, toErrorBody(known, requestIdOf(headersOf(call.metadata)[HTTP_HEADERS.requestId])));
  }

  private toMusterError(error: unknown): MusterError {
    const known = toHttpError(error);
    if (known.status === 500) this.logger.error({ event: 'grpc_call_failed', error });
    return known;
  }
}

/** A request of REST that was answered with an error. */
class RefusedCall extends Error {
  readonly status: StatusObject;

  constructor({ status, payload }: RestAnswer) {
    super('refused');
    this.status = toStatus({ status }, readErrorBody(payload));
  }
}

const addressOf = (call: Unary | Streaming): string => call.getPeer().replace(/:\d+$/, '');

function readErrorBody(payload: Buffer): ErrorBody {
  const body: unknown = JSON.parse(payload.toString('utf8'));
  if (isErrorBody(body)) return body;
  throw new TypeError('REST answered an error that is none');
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code);
}
