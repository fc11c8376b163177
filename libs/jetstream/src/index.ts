export { type Difference, differencesOf } from './config-diff.js';
export { BrokerConnection, type BrokerOptions } from './connection.js';
export { DeadLetters } from './dead-letters.js';
export { PassThroughFilter, RpcErrorFilter } from './filters.js';
export { type Delivery, Ingest, JETSTREAM_TRANSPORT } from './handler.decorator.js';
export { type Arrival, type Inbound, type InboundOf, type StreamPosition } from './inbound.js';
export { currentLogFields, type LogFields, withLogFields } from './log-context.js';
export {
  MissingResourceError,
  provision,
  provisionConsumer,
  type ProvisioningOptions,
  ProvisioningRefusedError,
  type ProvisioningReport,
} from './provisioning.js';
export { JetStreamPublisher, PublishFailedError, type PublishOptions, type Stored } from './publisher.js';
export { Answers, RpcClient, RpcServer } from './rpc.js';
export { type IsTransient } from './settlement.js';
export { JetStreamStrategy } from './strategy.js';
export { streamEpochMs } from './subscription.js';
export { extractTrace, injectTrace, inSpan, SpanKind } from './tracing.js';
