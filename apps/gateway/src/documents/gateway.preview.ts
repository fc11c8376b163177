import { Global, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { BrokerConnection, JetStreamPublisher, RpcClient } from '#libs/jetstream';
import { HealthRegistry, PlatformConfig, ServerTls } from '#libs/platform';
import { GatewayModule } from '../gateway.module.js';

/** What the running process would give; nobody uses it in a preview. */
const OFFERED = [
  DataSource,
  PlatformConfig,
  HealthRegistry,
  BrokerConnection,
  JetStreamPublisher,
  RpcClient,
  ServerTls,
];

@Global()
@Module({ providers: OFFERED.map((provide) => ({ provide, useValue: {} })), exports: OFFERED })
class PreviewCore {}

@Module({ imports: [PreviewCore, GatewayModule] })
class PreviewRoot {}

/** The gateway's modules and handlers without any instance, connection or side effect: to read the API from. */
export function previewGateway(): Promise<INestApplication> {
  return NestFactory.create(PreviewRoot, new FastifyAdapter(), { preview: true, logger: false, abortOnError: false });
}
