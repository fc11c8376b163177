import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  jetstreamManager,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import {
  bucketStream,
  type BucketName,
  BUCKETS,
  type ConsumerContract,
  CONSUMERS,
  redriveConsumer,
  REPUBLISH,
  STREAMS,
  type StreamContract,
} from '#libs/contracts';
import { type Difference, differencesOf } from './config-diff.js';
import type { BrokerConnection } from './connection.js';

/** A service found no such stream or consumer. */
export class MissingResourceError extends Error {
  override readonly name = 'MissingResourceError';

  constructor(what: string, options?: ErrorOptions) {
    super(`The broker has no ${what}. Run "npm run provision" against this broker first.`, options);
  }
}

/** What the broker has differs from what is wanted, in a way that cannot be changed without losing data. */
export class ProvisioningRefusedError extends Error {
  override readonly name = 'ProvisioningRefusedError';

  constructor(readonly differences: readonly Difference[]) {
    const lines = differences.map(
      ({ resource, field, actual, wanted }) => `  ${resource}.${field}: is ${actual}, wanted ${wanted}`,
    );
    super(
      `These cannot be changed in place; move the data to a new stream or keep the old value:\n${lines.join('\n')}`,
    );
  }
}

export interface ProvisioningOptions {
  /** Copies of each stream in the cluster: 1 locally, 3 in Kubernetes. */
  readonly replicas: number;
}

export interface ProvisioningReport {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: number;
}

/** Fields of a stream that the broker lets change without touching stored messages. */
const STREAM_CHANGEABLE = [
  'subjects',
  'max_age',
  'max_bytes',
  'max_msgs_per_subject',
  'max_msg_size',
  'duplicate_window',
  'republish',
  'num_replicas',
  'description',
] as const;
const CONSUMER_CHANGEABLE = [
  'ack_wait',
  'max_ack_pending',
  'max_deliver',
  'headers_only',
  'description',
  'sample_freq',
] as const;

/**
 * Makes the broker hold every stream and consumer of the table: creates what is missing, applies changes that are safe,
 * and refuses the rest by name before anything is changed. Running it again changes nothing.
 * @throws ProvisioningRefusedError
 */
export async function provision(broker: BrokerConnection, options: ProvisioningOptions): Promise<ProvisioningReport> {
  const manager = await jetstreamManager(broker.nc);
  const consumers: ConsumerContract[] = Object.values(CONSUMERS);
  const plans = [
    ...(await Promise.all(
      Object.entries(STREAMS).map(([name, stream]) => planStream(manager, streamConfig(name, stream, options))),
    )),
    ...(await Promise.all(bucketNames().map((name) => planStream(manager, bucketConfig(name, options))))),
    ...(await Promise.all(
      consumers
        .flatMap((consumer) => [consumer, redriveConsumer(consumer)])
        .map((consumer) => planConsumer(manager, consumer)),
    )),
  ];
  const refused = plans.flatMap((plan) => plan.differences.filter((difference) => !difference.changeable));
  if (refused.length > 0) throw new ProvisioningRefusedError(refused);
  for (const plan of plans) await plan.apply();
  const names = (kind: Plan['kind']): string[] =>
    plans.filter((plan) => plan.kind === kind).map((plan) => plan.resource);
  return { created: names('create'), updated: names('update'), unchanged: names('keep').length };
}

/** Creates one consumer or brings it to its contract; used for the durables of a single robot. */
export async function provisionConsumer(broker: BrokerConnection, consumer: ConsumerContract): Promise<void> {
  const manager = await jetstreamManager(broker.nc, { checkAPI: false });
  await manager.consumers.add(consumer.stream, consumerConfig(consumer));
}

interface Plan {
  readonly resource: string;
  readonly kind: 'create' | 'update' | 'keep';
  readonly differences: readonly Difference[];
  readonly apply: () => Promise<unknown>;
}

async function planStream(manager: JetStreamManager, wanted: WantedStream): Promise<Plan> {
  const resource = `stream ${wanted.name}`;
  const actual = await orMissing(manager.streams.info(wanted.name));
  if (!actual) return { resource, kind: 'create', differences: [], apply: () => manager.streams.add(wanted) };
  const differences = differencesOf({
    resource,
    wanted: { ...wanted },
    actual: { ...actual.config },
    changeable: STREAM_CHANGEABLE,
  });
  if (differences.length === 0) return keep(resource);
  return { resource, kind: 'update', differences, apply: () => manager.streams.update(wanted.name, wanted) };
}

async function planConsumer(manager: JetStreamManager, consumer: ConsumerContract): Promise<Plan> {
  const resource = `consumer ${consumer.stream}/${consumer.durable}`;
  const wanted = consumerConfig(consumer);
  const actual = await orMissing(manager.consumers.info(consumer.stream, consumer.durable));
  if (!actual)
    return { resource, kind: 'create', differences: [], apply: () => manager.consumers.add(consumer.stream, wanted) };
  const differences = differencesOf({
    resource,
    wanted: { ...wanted },
    actual: { ...actual.config },
    changeable: CONSUMER_CHANGEABLE,
  });
  if (differences.length === 0) return keep(resource);
  return {
    resource,
    kind: 'update',
    differences,
    apply: () => manager.consumers.update(consumer.stream, consumer.durable, wanted),
  };
}

const keep = (resource: string): Plan => ({ resource, kind: 'keep', differences: [], apply: () => Promise.resolve() });

type WantedStream = Partial<StreamConfig> & { name: string };

function streamConfig(name: string, stream: StreamContract, { replicas }: ProvisioningOptions): WantedStream {
  return {
    name,
    description: stream.why,
    subjects: [...stream.subjects],
    retention: stream.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(stream.maxAgeMs),
    max_bytes: stream.maxBytes,
    max_msgs_per_subject: stream.maxPerSubject,
    max_msg_size: stream.maxMessageBytes,
    duplicate_window: nanos(stream.duplicateWindowMs),
    num_replicas: replicas,
    allow_direct: true,
    ...(stream.republish ? { republish: { src: REPUBLISH.source, dest: REPUBLISH.destination } } : {}),
  };
}

const bucketNames = (): BucketName[] => {
  const names: BucketName[] = [];
  for (const name in BUCKETS) if (isBucketName(name)) names.push(name);
  return names;
};

const isBucketName = (name: string): name is BucketName => Object.hasOwn(BUCKETS, name);

/** As the object store's clients expect it: the stream of its chunks and of what describes them. */
function bucketConfig(name: BucketName, { replicas }: ProvisioningOptions): WantedStream {
  const { description, maxBytes } = BUCKETS[name];
  return {
    name: bucketStream(name),
    description,
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    num_replicas: replicas,
    allow_direct: true,
    allow_rollup_hdrs: true,
  };
}

function consumerConfig(consumer: ConsumerContract): Partial<ConsumerConfig> {
  return {
    durable_name: consumer.durable,
    description: consumer.why,
    ...filterOf(consumer),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(consumer.ackWaitMs),
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: consumer.maxAckPending,
    max_deliver: -1,
    ...(consumer.headersOnly ? { headers_only: true } : {}),
    ...(consumer.reportsDeliveries ? { sample_freq: '100%' } : {}),
  };
}

/**
 * No filter where the stream holds nothing else: nats-server 2.9 scans a whole block per message for a filtered consumer
 * once the block's index has left its memory, which is a few hundred messages a second.
 */
function filterOf({ stream, filter }: ConsumerContract): Partial<ConsumerConfig> {
  const subjects: readonly string[] = STREAMS[stream].subjects;
  return subjects.length === 1 && subjects[0] === filter ? {} : { filter_subject: filter };
}

const NOT_FOUND = 404;

async function orMissing<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}
