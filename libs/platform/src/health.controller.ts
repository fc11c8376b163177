import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RequirePolicy } from '#libs/auth';
import { ROUTES } from '#libs/contracts';
import { HealthRegistry } from './health.registry.js';
import type { HealthReport } from './health.registry.js';

/** The documents' health endpoint (orchestrators.txt 10.3) and the two probes of Kubernetes. */
@Controller()
@RequirePolicy('Public')
export class HealthController {
  constructor(private readonly health: HealthRegistry) {}

  @Get(ROUTES.health.path)
  async report(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.report();
    reply.status(report.status === 'unhealthy' ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.OK);
    return report;
  }

  /** Asks nothing of anybody: restarting this process heals no dependency. */
  @Get(ROUTES.healthLive.path)
  live(): { readonly status: 'healthy'; readonly timestamp: string } {
    return { status: 'healthy', timestamp: new Date().toISOString() };
  }

  @Get(ROUTES.healthReady.path)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const [report, isReady] = await Promise.all([this.health.report(), this.health.isReady()]);
    reply.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return isReady ? report : { ...report, status: 'unhealthy' };
  }
}
