import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  type ConsumerContract,
  inboxPrefixOf,
  type RequestContract,
  ROBOT_MESSAGES,
  type RobotMessageName,
  robotEventsFilter,
  robotSubject,
} from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { BrokerConnection, provision, provisionConsumer, RpcClient } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { RobotsModule } from '../../apps/robots/src/robots.module.js';
import { startTestBroker, type TestBroker } from './broker.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { waitFor } from './wait.js';

const STOP_WITHIN_MS = 10_000;

export interface SeenEvent {
  readonly subject: string;
  readonly messageId: string;
  readonly body: Record<string, any>;
}

/** One message as a robot publishes it. */
export interface Said {
  readonly envelope: Record<string, unknown>;
  readonly sequence: number;
}

interface Parts {
  readonly broker: TestBroker;
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly admin: NatsConnection;
  readonly gateway: BrokerConnection;
  readonly rpc: RpcClient;
}

/** The robots service with a broker of its own (operator mode) and a database of its own; replicas are added at will. */
export class RobotsUnderTest {
  readonly events: SeenEvent[] = [];
  private readonly replicas: RunningService[] = [];

  private constructor(private readonly parts: Parts) {}

  get broker(): TestBroker {
    return this.parts.broker;
  }

  /** A pool of the test's own. */
  get dataSource(): DataSource {
    return this.parts.dataSource;
  }

  /** Connected with every right, as robots and spectators. */
  get admin(): NatsConnection {
    return this.parts.admin;
  }

  static async start(environment: Record<string, string> = {}): Promise<RobotsUnderTest> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
    const [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    const provisioner = await connectAs(broker, 'provisioner');
    await provision(provisioner, { replicas: 1 });
    await provisioner.close();
    const gateway = await connectAs(broker, 'gateway');
    const dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
    const admin = await broker.connect('admin', { maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const robots = new RobotsUnderTest({ broker, database, dataSource, admin, gateway, rpc: new RpcClient(gateway) });
    robots.watch();
    await robots.addReplica(environment);
    return robots;
  }

  /** Starts one more process' worth of the service. */
  async addReplica(environment: Record<string, string> = {}): Promise<RunningService> {
    Object.assign(process.env, environment);
    const config = new PlatformConfig('robots', {
      PORT: '0',
      NATS_URL: this.broker.url,
      NATS_CREDS: this.broker.credsFile('robots'),
      NATS_KEYS_DIR: this.broker.keysDir,
      DATABASE_URL: this.parts.database.url,
      ...environment,
    });
    const replica = await startService({ name: 'robots', module: RobotsModule }, config);
    this.replicas.push(replica);
    for (const name of Object.keys(environment)) delete process.env[name];
    return replica;
  }

  async stopReplica(replica: RunningService): Promise<void> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    await shutDown(replica.stopSteps, STOP_WITHIN_MS);
  }

  get replica(): RunningService {
    return this.replicas[0]!;
  }

  /** Publishes a message as a robot does. */
  async say(name: RobotMessageName, robotId: string, payload: unknown, more: object = {}): Promise<Said> {
    const { type, subject } = ROBOT_MESSAGES[name];
    const messageId = crypto.randomUUID();
    const base = { payloadVersion: 1, messageId, robotId, sentAt: new Date().toISOString(), correlationId: null };
    const envelope = { ...base, type, payload, ...more };
    const { seq } = await jetstream(this.admin).publish(robotSubject(subject, robotId), JSON.stringify(envelope));
    return { envelope, sequence: seq };
  }

  ask<Request, Response>(contract: RequestContract<Request, Response>, request: Request): Promise<Response> {
    return this.parts.rpc.ask(contract, request);
  }

  /** All parts of an answer that comes in parts. */
  async askAll<Request, Response>(contract: RequestContract<Request, Response>, request: Request): Promise<Response[]> {
    const parts: Response[] = [];
    await this.parts.rpc.stream(contract, request).forEach((part) => void parts.push(part));
    return parts;
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.parts.dataSource.query(sql, parameters);
  }

  /** Domain events so far of one robot, by the tokens after its id. */
  eventsOf(robotId: string, event: string): SeenEvent[] {
    return this.events.filter(({ subject }) => subject.endsWith(`.${robotId}.${event}`));
  }

  /** Commands and desired settings that the broker keeps for a robot, oldest first. */
  async sentTo(robotId: string, name: 'command' | 'settingsDesired' = 'command'): Promise<Record<string, any>[]> {
    const subject = robotSubject(ROBOT_MESSAGES[name].subject, robotId);
    const consumer = await jetstream(this.admin).consumers.get('ROBOT_COMMANDS', { filter_subjects: subject });
    const { num_pending } = await consumer.info();
    const found: Record<string, any>[] = [];
    while (found.length < num_pending) {
      const message = await consumer.next({ expires: 2_000 });
      if (!message) break;
      found.push(message.json());
    }
    return found;
  }

  /** Waits until a consumer of the service has nothing left to do. */
  async settled(): Promise<void> {
    const manager = await jetstream(this.admin).jetstreamManager();
    await waitFor(async () => {
      for (const stream of ['ROBOT_REPORTS', 'ROBOT_STATUS', 'ROBOT_TELEMETRY', 'ROBOT_ACKS']) {
        for await (const info of manager.consumers.list(stream)) {
          if (!info.name.startsWith('robots_')) continue;
          if (info.num_pending + info.num_ack_pending > 0) return false;
        }
      }
      return true;
    });
  }

  /** Makes a durable anew: the service gets every message of its stream once more, as after a crash. */
  async redeliverAll(consumer: ConsumerContract): Promise<void> {
    const manager = await jetstream(this.admin).jetstreamManager();
    await manager.consumers.delete(consumer.stream, consumer.durable);
    const provisioner = await connectAs(this.broker, 'provisioner');
    await provisionConsumer(provisioner, consumer);
    await provisioner.close();
    await this.settled();
  }

  async stop(): Promise<void> {
    while (this.replicas.length > 0) await this.stopReplica(this.replica);
    await this.parts.rpc.onModuleDestroy();
    await this.parts.gateway.close();
    await this.admin.close();
    await this.parts.dataSource.destroy();
    await this.broker.stop();
    await this.parts.database.drop();
  }

  private watch(): void {
    this.admin.subscribe(robotEventsFilter(), {
      callback: (_error, message) => {
        const messageId = message.headers?.get('Nats-Msg-Id') ?? '';
        this.events.push({ subject: message.subject, messageId, body: message.json() });
      },
    });
  }
}

function connectAs(broker: TestBroker, user: string): Promise<BrokerConnection> {
  return BrokerConnection.open({
    url: broker.url,
    credsFile: broker.credsFile(user),
    name: user,
    inboxPrefix: inboxPrefixOf(user),
  });
}
