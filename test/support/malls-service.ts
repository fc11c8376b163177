import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { inboxPrefixOf, orchestratorEventSubject, type RequestContract } from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { BrokerConnection, provision, RpcClient } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { OrchestratorsModule } from '../../apps/orchestrators/src/orchestrators.module.js';
import { startTestBroker, type TestBroker } from './broker.js';
import { createTestDatabase, type TestDatabase } from './database.js';

const STOP_WITHIN_MS = 10_000;

interface Parts {
  readonly broker: TestBroker;
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly admin: NatsConnection;
  readonly gateway: BrokerConnection;
  readonly rpc: RpcClient;
}

/** The service `orchestrators` with a broker and a database of its own; replicas are added at will. */
export class MallsUnderTest {
  readonly replicas: RunningService[] = [];
  /** Key: subject; bodies in the order in which the broker re-emitted them. */
  private readonly heard = new Map<string, Record<string, any>[]>();

  private constructor(private readonly parts: Parts) {}

  get dataSource(): DataSource {
    return this.parts.dataSource;
  }

  static async start(replicas = 1): Promise<MallsUnderTest> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
    const [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    const provisioner = await connectAs(broker, 'provisioner');
    await provision(provisioner, { replicas: 1 });
    await provisioner.close();
    const gateway = await connectAs(broker, 'gateway');
    const dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
    const admin = await broker.connect('admin');
    const malls = new MallsUnderTest({ broker, database, dataSource, admin, gateway, rpc: new RpcClient(gateway) });
    malls.listen();
    for (let n = 0; n < replicas; n++) await malls.addReplica();
    return malls;
  }

  async addReplica(): Promise<RunningService> {
    const { broker, database } = this.parts;
    const config = new PlatformConfig('orchestrators', {
      PORT: '0',
      NATS_URL: broker.url,
      NATS_CREDS: broker.credsFile('orchestrators'),
      DATABASE_URL: database.url,
    });
    const replica = await startService({ name: 'orchestrators', module: OrchestratorsModule }, config);
    this.replicas.push(replica);
    return replica;
  }

  async stopReplica(replica: RunningService): Promise<void> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    await shutDown(replica.stopSteps, STOP_WITHIN_MS);
  }

  async stopReplicas(): Promise<void> {
    for (let replica = this.replicas[0]; replica; replica = this.replicas[0]) await this.stopReplica(replica);
  }

  ask<Request, Response>(contract: RequestContract<Request, Response>, request: Request): Promise<Response> {
    return this.parts.rpc.ask(contract, request);
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.parts.dataSource.query(sql, parameters);
  }

  /** What the broker stored for an entity's orchestrator, as it came live. */
  eventsOf(entityId: string): readonly Record<string, any>[] {
    return this.heard.get(orchestratorEventSubject(entityId)) ?? [];
  }

  /** What people who watch the mall were told. */
  toldOf(entityId: string, event: string): readonly Record<string, any>[] {
    return this.heard.get(`events.malls.${entityId}.${event}`) ?? [];
  }

  /** How many messages a subject has in its stream. */
  async storedOf(stream: string, subject: string): Promise<number> {
    const manager = await jetstream(this.parts.admin).jetstreamManager();
    const { state } = await manager.streams.info(stream, { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  }

  async stop(): Promise<void> {
    await this.stopReplicas();
    await this.parts.rpc.onModuleDestroy();
    await this.parts.gateway.close();
    await this.parts.admin.close();
    await this.parts.dataSource.destroy();
    await this.parts.broker.stop();
    await this.parts.database.drop();
  }

  /** Only what the broker stored is re-emitted: a repeat that it dropped is not heard. */
  private listen(): void {
    for (const subject of ['live.orc.events.*', 'live.events.malls.>']) {
      this.parts.admin.subscribe(subject, {
        callback: (_error, message) => {
          const name = message.subject.slice('live.'.length);
          this.heard.set(name, [...(this.heard.get(name) ?? []), message.json<Record<string, any>>()]);
        },
      });
    }
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
