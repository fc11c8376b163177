import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { IdempotencyInterceptor } from './idempotency/idempotency.interceptor.js';
import { IdempotencyStore } from './idempotency/idempotency.store.js';
import { IdempotencySweep } from './idempotency/idempotency.sweep.js';
import { LimitsModule } from './limits/limits.module.js';
import { RouteLimitInterceptor } from './limits/route-limit.interceptor.js';
import { RouteLimiter } from './limits/route.limiter.js';

/** What a request passes after authentication, policy and isolation, in this order. */
@Module({
  imports: [LimitsModule],
  providers: [
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: RouteLimitInterceptor },
    IdempotencyStore,
    IdempotencySweep,
    RouteLimiter,
  ],
})
export class RequestGuardsModule {}
