import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { of, type Observable } from 'rxjs';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';
import { AnswerKeeper } from './answer.keeper.js';
import { IdempotencyStore } from './idempotency.store.js';
import { keyedRequest, type KeyedRequest } from './keyed.request.js';
import { unpack } from './kept.answer.js';

const RETRY_AFTER_S = 1;

/**
 * Answers the repeat of a request as the request was answered (decision C35). It runs after all guards: a repeat passes
 * authentication, policy and isolation as every request does, and is not counted by the limits of routes (A24).
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly store: IdempotencyStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const keyed = keyedRequest(request);
    if (!keyed) return next.handle();
    const { secrets, fingerprint } = keyed;
    const claiming = await this.store.claim({ keyHash: secrets.keyHash, fingerprint });
    switch (claiming.outcome) {
      case 'claimed':
        request.answerKeeper = new AnswerKeeper(this.store, claiming.claim, keyed);
        return next.handle();
      case 'answered':
        return of(replay(http.getResponse<FastifyReply>(), keyed, claiming.answer));
      case 'running':
        throw new MusterError('REQUEST_IN_FLIGHT', 'The first request with this key is still running.', {
          retryAfterSeconds: RETRY_AFTER_S,
        });
      case 'reused':
        throw new MusterError('IDEMPOTENCY_KEY_REUSED', 'This X-Idempotency-Key belongs to another request.');
    }
  }
}

/** Sets status and headers; answers the body for Nest to send. */
function replay(reply: FastifyReply, { secrets }: KeyedRequest, sealed: Buffer): Buffer | undefined {
  const { status, headers, body } = unpack(secrets.open(sealed));
  void reply.status(status).headers(headers).header(HTTP_HEADERS.idempotencyReplayed, 'true');
  return body.length > 0 ? body : undefined;
}
