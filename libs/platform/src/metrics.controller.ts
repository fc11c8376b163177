import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { RequirePolicy } from '#libs/auth';
import { ROUTES } from '#libs/contracts';

/** Prometheus text of everything in the process's registry. */
@Controller()
@RequirePolicy('Public')
export class MetricsController {
  @Get(ROUTES.metrics.path)
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.header('content-type', register.contentType);
    return register.metrics();
  }
}
