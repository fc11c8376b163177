import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { openApiOf } from '../../apps/gateway/src/openapi.js';

/** The OpenAPI document of the gateway, read from its controllers without starting anything. */
export async function openApiDocument(): Promise<object> {
  const app = await NestFactory.create(GatewayModule, new FastifyAdapter(), { preview: true, logger: false });
  return openApiOf(app);
}
