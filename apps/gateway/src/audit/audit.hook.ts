import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { toEntry } from './audit.entry.js';
import { AuditTrail } from './audit.trail.js';

/** Looks at every request when it has been answered, whoever refused or served it. */
@Injectable()
export class AuditHook implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly trail: AuditTrail,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.addHook('onResponse', (request, reply, done) => {
      const entry = toEntry(request, reply);
      if (entry) this.trail.record(entry);
      done();
    });
  }
}
