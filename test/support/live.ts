import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  inboxPrefixOf,
  parseGroup,
  robotEventSubject,
  robotSubject,
  ROBOT_SUBJECTS,
  type StreamName,
} from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher, provision } from '#libs/jetstream';
import { LiveEngine, type JoinOptions } from '../../apps/gateway/src/live/live.engine.js';
import type { Frame, LiveGroup } from '../../apps/gateway/src/live/live.group.js';
import { LiveSettings } from '../../apps/gateway/src/live/live.settings.js';
import type { Listener, LiveSubscription, ResyncNotice } from '../../apps/gateway/src/live/live.subscription.js';
import { liveGroupOf } from '../../apps/gateway/src/live/robot.groups.js';
import { StreamReader } from '../../apps/gateway/src/live/stream.reader.js';
import { startTestBroker, type TestBroker } from './broker.js';

/** A secured broker with its streams, and as many live engines on it as a test asks for: each is one gateway replica. */
export class LiveStage {
  private readonly connections: BrokerConnection[] = [];
  private published = 0;

  private constructor(
    readonly server: TestBroker,
    private readonly admin: BrokerConnection,
    readonly publisher: JetStreamPublisher,
  ) {}

  static async open(): Promise<LiveStage> {
    const server = await startTestBroker();
    const admin = await openAs(server, 'admin');
    await provision(admin, { replicas: 1 });
    return new LiveStage(server, admin, new JetStreamPublisher(admin));
  }

  /** Another gateway, with the gateway's own rights at the broker. */
  async gateway(env: Record<string, string> = {}): Promise<{ engine: LiveEngine; broker: BrokerConnection }> {
    const broker = await openAs(this.server, 'gateway');
    this.connections.push(broker);
    return { engine: new LiveEngine(broker, new StreamReader(broker), new LiveSettings(env)), broker };
  }

  status(robotId: string, payload: Record<string, unknown> = {}): Promise<number> {
    return this.report('status', robotId, payload);
  }

  telemetry(robotId: string, payload: Record<string, unknown> = {}): Promise<number> {
    return this.report('telemetry', robotId, payload);
  }

  /** Publishes a domain event; answers its sequence. */
  async event(robotId: string, event: string, payload: Record<string, unknown> = {}): Promise<number> {
    return this.raw(robotEventSubject(robotId, event), JSON.stringify({ robotId, ...payload }));
  }

  async raw(subject: string, body: string): Promise<number> {
    const { sequence } = await this.publisher.publish(subject, body, { messageId: `m${this.published++}` });
    return sequence;
  }

  /** Deletes and makes a stream anew, as an operator might. */
  async remake(stream: StreamName): Promise<void> {
    const manager = await jetstreamManager(this.admin.nc);
    await manager.streams.delete(stream);
    await provision(this.admin, { replicas: 1 });
  }

  async purge(stream: StreamName): Promise<void> {
    await (await jetstreamManager(this.admin.nc)).streams.purge(stream);
  }

  /** How many subscriptions a connection holds at the broker. */
  interestOf(broker: BrokerConnection): number {
    return (
      broker.nc as NatsConnection & { protocol: { subscriptions: { size(): number } } }
    ).protocol.subscriptions.size();
  }

  async close(): Promise<void> {
    this.publisher.close();
    await Promise.all([...this.connections, this.admin].map((broker) => broker.nc.close()));
    await this.server.stop();
  }

  private report(kind: 'status' | 'telemetry', robotId: string, payload: object): Promise<number> {
    return this.raw(
      robotSubject(ROBOT_SUBJECTS[kind], robotId),
      JSON.stringify({
        payloadVersion: 1,
        messageId: `id-${this.published}`,
        robotId,
        sentAt: new Date().toISOString(),
        correlationId: null,
        type: kind,
        payload,
      }),
    );
  }
}

function openAs(server: TestBroker, user: string): Promise<BrokerConnection> {
  return BrokerConnection.open({
    url: server.url,
    name: user,
    inboxPrefix: inboxPrefixOf(user),
    credsFile: server.credsFile(user),
  });
}

/** A client of an engine that writes down what it gets. */
export class Recorder implements Listener {
  readonly frames: Frame[] = [];
  readonly notices: ResyncNotice[] = [];
  snapshots = 0;

  deliver(frame: Frame): void {
    this.frames.push(frame);
  }

  resync(notice: ResyncNotice): void {
    this.notices.push(notice);
  }

  async snapshot(): Promise<unknown> {
    this.snapshots++;
    return { snapshot: this.snapshots };
  }

  get lastEventId(): string | undefined {
    return this.frames.at(-1)?.eventId;
  }

  /** Sequences received from one of the group's sources: 0 events, 1 status, 2 telemetry. */
  sequences(source: number): number[] {
    return this.frames.filter((frame) => frame.source === source).map(({ sequence }) => sequence);
  }
}

export function groupNamed(name: string): LiveGroup {
  const group = parseGroup(name);
  if (!group) throw new Error(`no such group: ${name}`);
  return liveGroupOf(group);
}

/** Joins with a recorder; `options.into` goes on with one that has frames already. */
export async function record(
  engine: LiveEngine,
  group: string,
  options: JoinOptions & { into?: Recorder } = {},
): Promise<{ recorder: Recorder; subscription: LiveSubscription }> {
  const recorder = options.into ?? new Recorder();
  return { recorder, subscription: await engine.join(groupNamed(group), options, recorder) };
}
