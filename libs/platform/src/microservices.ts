import { NestMicroservice } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MusterError } from '#libs/contracts';
import { isTransientDatabaseError } from '#libs/database';
import { JetStreamStrategy, PassThroughFilter, PublishFailedError, RpcErrorFilter, RpcServer } from '#libs/jetstream';
import type { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';

const PASSING_CODES: ReadonlySet<string> = new Set(['SERVICE_UNAVAILABLE', 'NETWORK_TIMEOUT', 'OVERLOADED']);

/** Whether a handler's failure passes by itself: database or broker away, another service slow or full. */
export function isPassing(error: unknown): boolean {
  return (
    isTransientDatabaseError(error) ||
    error instanceof PublishFailedError ||
    (error instanceof MusterError && PASSING_CODES.has(error.code))
  );
}

/**
 * Connects both ways in: JetStream's durable consumers and request/reply, over the one connection. Answers the JetStream
 * strategy, which is closed first when the process ends.
 */
export function connectMicroservices(
  app: NestFastifyApplication,
  broker: BrokerConnection,
  publisher: JetStreamPublisher,
): JetStreamStrategy {
  const strategy = new JetStreamStrategy(broker, publisher, isPassing);
  connect(app, strategy, new PassThroughFilter());
  connect(app, new RpcServer(broker), new RpcErrorFilter(isPassing));
  return strategy;
}

/**
 * Nest binds handlers to their filters inside `connectMicroservice`, before anyone can set a filter; told to wait, it
 * would run every module's init hooks a second time. So the binding is done here, in its order.
 */
function connect(
  app: NestFastifyApplication,
  strategy: CustomTransportStrategy,
  filter: PassThroughFilter | RpcErrorFilter,
): void {
  const microservice = app.connectMicroservice({ strategy }, { deferInitialization: true });
  microservice.useGlobalFilters(filter);
  if (!(microservice instanceof NestMicroservice)) {
    throw new TypeError('connectMicroservice() answered something that is no NestMicroservice');
  }
  microservice.registerListeners();
  microservice.setIsInitialized(true);
  microservice.setIsInitHookCalled(true);
}
