import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, type INestMicroservice, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import {
  type CommandDetailDto,
  type CommandRequest,
  COMMANDS_REQUESTS,
  type Dispatchability,
  inboxPrefixOf,
  liveSubject,
  type RequestContract,
  robotConsumers,
  robotEventsFilter,
  ROBOTS_REQUESTS,
  robotSubject,
  ROBOT_SUBJECTS,
} from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { Answers, BrokerConnection, provision, provisionConsumer, RpcClient, RpcServer } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { CommandsModule } from '../../apps/commands/src/commands.module.js';
import { startTestBroker, type TestBroker } from './broker.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { waitFor } from './wait.js';

const STOP_WITHIN_MS = 10_000;

export interface SeenEvent {
  readonly subject: string;
  readonly messageId: string;
  readonly body: Record<string, any>;
}

/** A command as the stream keeps it. */
export interface StoredCommand {
  readonly sequence: number;
  readonly messageId: string;
  readonly envelope: Record<string, any>;
}

/** What the ledger asks the registry. */
export class FakeRegistry {
  /** Robot → whether it is enabled. */
  readonly robots = new Map<string, boolean>();
  readonly tags = new Map<string, string[]>();
  questions = 0;

  dispatchability({ robotIds }: { robotIds: readonly string[] }): Dispatchability[] {
    this.questions++;
    return robotIds.map((robotId) => {
      const isEnabled = this.robots.get(robotId);
      return { robotId, exists: isEnabled !== undefined, isEnabled: isEnabled === true };
    });
  }
}

function registryModule(registry: FakeRegistry): Type {
  @Controller()
  class Responder {
    @Answers(ROBOTS_REQUESTS.dispatchability)
    dispatchability(request: { robotIds: readonly string[] }): Dispatchability[] {
      return registry.dispatchability(request);
    }

    @Answers(ROBOTS_REQUESTS.idsByTag)
    idsByTag({ tag, limit }: { tag: string; limit: number }): string[] {
      return (registry.tags.get(tag) ?? []).slice(0, limit);
    }
  }
  @Module({ controllers: [Responder] })
  class RegistryModule {}
  return RegistryModule;
}

interface Parts {
  readonly broker: TestBroker;
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly adminBroker: BrokerConnection;
  readonly gateway: BrokerConnection;
  readonly rpc: RpcClient;
}

/** The command ledger with a broker of its own (operator mode), a database of its own and a written registry. */
export class CommandsUnderTest {
  readonly events: SeenEvent[] = [];
  readonly registry = new FakeRegistry();
  readonly replicas: RunningService[] = [];
  private stopRegistry = (): Promise<void> => Promise.resolve();

  private constructor(private readonly parts: Parts) {}

  get broker(): TestBroker {
    return this.parts.broker;
  }

  /** Connected with every right, as robots and spectators. */
  get admin(): NatsConnection {
    return this.parts.adminBroker.nc;
  }

  static async start(environment: Record<string, string> = {}, replicas = 1): Promise<CommandsUnderTest> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
    const [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    const adminBroker = await openAs(broker, 'admin');
    await provision(adminBroker, { replicas: 1 });
    const gateway = await openAs(broker, 'gateway');
    const dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
    const rpc = new RpcClient(gateway);
    const service = new CommandsUnderTest({ broker, database, dataSource, adminBroker, gateway, rpc });
    service.watch();
    await service.startRegistry();
    for (let n = 0; n < replicas; n++) await service.addReplica(environment);
    return service;
  }

  /** Starts one more process' worth of the service. */
  async addReplica(environment: Record<string, string> = {}): Promise<RunningService> {
    Object.assign(process.env, environment);
    const config = new PlatformConfig('commands', {
      PORT: '0',
      NATS_URL: this.broker.url,
      NATS_CREDS: this.broker.credsFile('commands'),
      DATABASE_URL: this.parts.database.url,
      ...environment,
    });
    const replica = await startService({ name: 'commands', module: CommandsModule }, config);
    this.replicas.push(replica);
    for (const name of Object.keys(environment)) delete process.env[name];
    return replica;
  }

  async stopReplica(replica: RunningService): Promise<boolean> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    return shutDown(replica.stopSteps, STOP_WITHIN_MS);
  }

  /** A provider of the first replica. */
  get<T>(provider: Type<T>): T {
    return this.replicas[0]!.app.get(provider, { strict: false });
  }

  ask<Request, Response>(contract: RequestContract<Request, Response>, request: Request): Promise<Response> {
    return this.parts.rpc.ask(contract, request);
  }

  /** Sends a command as user `ada`; answers its id. */
  async send(robotId: string, request: Partial<CommandRequest> = {}): Promise<string> {
    const { commandId } = await this.ask(COMMANDS_REQUESTS.send, {
      robotId,
      request: { commandType: 'dock', payload: {}, ...request },
      requester: { by: 'user:ada', userId: null },
    });
    return commandId;
  }

  read(commandId: string): Promise<CommandDetailDto> {
    return this.ask(COMMANDS_REQUESTS.get, { commandId });
  }

  async kindsOf(commandId: string): Promise<string[]> {
    return (await this.read(commandId)).timeline.map(({ kind }) => kind);
  }

  /** Makes a robot known to the registry, with its durables. */
  async enrol(robotId: string, isEnabled = true): Promise<void> {
    this.registry.robots.set(robotId, isEnabled);
    const { commands, settings } = robotConsumers(robotId);
    await provisionConsumer(this.parts.adminBroker, commands);
    await provisionConsumer(this.parts.adminBroker, settings);
  }

  /** Takes one command off a robot's durable and acknowledges it to the broker; undefined when none comes. */
  async collect(robotId: string, expires = 5_000): Promise<Record<string, any> | undefined> {
    const { stream, durable } = robotConsumers(robotId).commands;
    const consumer = await jetstream(this.admin).consumers.get(stream, durable);
    const message = await consumer.next({ expires });
    await message?.ackAck();
    return message?.json();
  }

  /** Says something about a command as a robot does. */
  async ack(robotId: string, commandId: string, payload: Record<string, unknown>, more: object = {}): Promise<void> {
    const messageId = crypto.randomUUID();
    const base = { payloadVersion: 1, messageId, robotId, sentAt: new Date().toISOString(), correlationId: commandId };
    const envelope = { ...base, type: 'cmd.ack', payload, ...more };
    await jetstream(this.admin).publish(robotSubject(ROBOT_SUBJECTS.commandAck, robotId), JSON.stringify(envelope));
  }

  /** Commands that the stream keeps for a robot, oldest first. */
  async stored(robotId: string): Promise<StoredCommand[]> {
    const consumer = await jetstream(this.admin).consumers.get('ROBOT_COMMANDS', {
      filter_subjects: robotSubject(ROBOT_SUBJECTS.command, robotId),
    });
    const { num_pending } = await consumer.info();
    const found: StoredCommand[] = [];
    while (found.length < num_pending) {
      const message = await consumer.next({ expires: 2_000 });
      if (!message) break;
      const messageId = message.headers?.get('Nats-Msg-Id') ?? '';
      found.push({ sequence: message.seq, messageId, envelope: message.json() });
    }
    return found;
  }

  /** Domain events so far about one command, as the broker stored them. */
  eventsOf(commandId: string, event: 'command.ack' | 'command.updated'): SeenEvent[] {
    return this.events.filter(({ subject, body }) => subject.endsWith(event) && body['commandId'] === commandId);
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.parts.dataSource.query(sql, parameters);
  }

  async row(commandId: string): Promise<Record<string, any>> {
    const [row] = await this.query('SELECT * FROM "commands"."robot_command_log" WHERE "commandId" = $1', [commandId]);
    return row!;
  }

  /** Locks a command's row, as a slow transaction does, until it is released. */
  async hold(commandId: string): Promise<{ release(): Promise<void> }> {
    const runner = this.parts.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM "commands"."robot_command_log" WHERE "commandId" = $1 FOR UPDATE', [commandId]);
    const release = async (): Promise<void> => {
      await runner.commitTransaction();
      await runner.release();
    };
    return { release };
  }

  /** Waits until every acknowledgement in the stream is worked off. */
  async acksSettled(): Promise<void> {
    const manager = await jetstreamManager(this.admin);
    await waitFor(async () => {
      const { num_pending, num_ack_pending } = await manager.consumers.info('ROBOT_ACKS', 'commands_ack_ingest');
      return num_pending + num_ack_pending === 0;
    });
  }

  async stop(): Promise<void> {
    const { broker, database, dataSource, adminBroker, gateway, rpc } = this.parts;
    for (const replica of this.replicas.slice()) await this.stopReplica(replica);
    await this.stopRegistry();
    await rpc.onModuleDestroy();
    await gateway.close();
    await adminBroker.close();
    await dataSource.destroy();
    await broker.stop();
    await database.drop();
  }

  private async startRegistry(): Promise<void> {
    const robots = await openAs(this.broker, 'robots');
    const strategy = new RpcServer(robots);
    const app: INestMicroservice = await NestFactory.createMicroservice(registryModule(this.registry), {
      strategy,
      logger: false,
    });
    await app.listen();
    this.stopRegistry = async () => {
      await app.close();
      await robots.close();
    };
  }

  private watch(): void {
    this.admin.subscribe(liveSubject(robotEventsFilter()), {
      callback: (_error, message) => {
        const messageId = message.headers?.get('Nats-Msg-Id') ?? '';
        this.events.push({ subject: message.subject, messageId, body: message.json() });
      },
    });
  }
}

function openAs(broker: TestBroker, user: string): Promise<BrokerConnection> {
  return BrokerConnection.open({
    url: broker.url,
    credsFile: broker.credsFile(user),
    name: user,
    inboxPrefix: inboxPrefixOf(user),
  });
}
