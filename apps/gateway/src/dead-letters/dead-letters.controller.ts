import { Controller, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, ROUTES } from '#libs/contracts';
import { Endpoint } from '../http/route.decorator.js';
import { DeadLetterService } from './dead-letter.service.js';
import { DeadLetterResponse, DeadLettersQuery, toListed, toWhole } from './dead-letters.dto.js';

@ApiTags('dead letters')
@Controller()
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLetterService) {}

  @Endpoint(ROUTES.deadLettersList, { response: [DeadLetterResponse], errors: ['CURSOR_INVALID'] })
  async list(
    @Query() { limit, after, ...filter }: DeadLettersQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly DeadLetterResponse[]> {
    const { items, next } = await this.deadLetters.list(filter, limit, after);
    if (next !== null) reply.header(HTTP_HEADERS.nextCursor, next);
    return items.map(toListed);
  }

  @Endpoint(ROUTES.deadLettersGet, { response: DeadLetterResponse, errors: ['DEAD_LETTER_NOT_FOUND'] })
  async get(@Param('deadLetterId') id: string): Promise<DeadLetterResponse> {
    return toWhole(await this.deadLetters.get(id));
  }

  @Endpoint(ROUTES.deadLettersRedrive, { status: 202, errors: ['DEAD_LETTER_NOT_FOUND'] })
  async redrive(@Param('deadLetterId') id: string): Promise<void> {
    await this.deadLetters.redrive(id);
  }

  @Endpoint(ROUTES.deadLettersDelete, { errors: ['DEAD_LETTER_NOT_FOUND'] })
  async delete(@Param('deadLetterId') id: string): Promise<void> {
    await this.deadLetters.delete(id);
  }
}
