import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { KeyedRequest } from './keyed.request.js';
import type { Claim, IdempotencyStore } from './idempotency.store.js';
import { isRefusal, pack, toKept } from './kept.answer.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while a request runs whose repeats are to get the same answer. */
    answerKeeper?: AnswerKeeper | undefined;
  }
}

/** Keeps the answer of one request, or gives its key back. */
export class AnswerKeeper {
  private readonly logger = new Logger('Idempotency');

  constructor(
    private readonly store: IdempotencyStore,
    private readonly claim: Claim,
    private readonly request: KeyedRequest,
  ) {}

  /** Before the answer is sent: who has it can rely on getting it again. What cannot be kept is sent all the same. */
  async settle(reply: FastifyReply, payload: unknown): Promise<void> {
    const kept = toKept(reply, payload);
    try {
      if (kept === undefined || (isRefusal(kept) && !this.request.isProven)) await this.store.release(this.claim);
      else await this.store.complete(this.claim, this.request.secrets.seal(pack(kept)));
    } catch (error) {
      this.logger.warn({ event: 'idempotent_answer_not_kept', error });
    }
  }
}

/** Lets every request that has a keeper pass its answer through it. */
export function keepAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply, payload: unknown) => {
    const keeper = request.answerKeeper;
    request.answerKeeper = undefined;
    await keeper?.settle(reply, payload);
    return payload;
  });
}
