import { jetstream, type JsMsg } from '@nats-io/jetstream';
import { connect, credsAuthenticator, headers, type NatsConnection } from '@nats-io/transport-node';
import { type Api } from './api.js';

export interface Credentials {
  readonly creds: string;
  readonly urls: string[];
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  readonly settingsConsumer: string;
}

/** An envelope as a robot writes it. */
export interface WireEnvelope {
  readonly payloadVersion: number;
  readonly messageId: string;
  readonly robotId: string;
  readonly sentAt: string;
  readonly correlationId: string | null;
  readonly type: string;
  readonly payload: Record<string, any>;
}

const SUBJECT_OF: Readonly<Record<string, string>> = {
  identity: 'robots.identity',
  capability: 'robots.capability',
  status: 'robots.status',
  telemetry: 'robots.telemetry',
  'settings.reported': 'robots.settings.reported',
  'cmd.ack': 'robots.cmd.ack',
};

/** A robot with nothing but a NATS client: what the README tells a newcomer to write. */
export class BareRobot {
  private constructor(
    readonly robotId: string,
    readonly nc: NatsConnection,
    readonly credentials: Credentials,
  ) {}

  /** Has credentials issued (as admin) and connects with them. */
  static async enrol(admin: Api, robotId: string): Promise<BareRobot> {
    const { status, body } = await admin.post<Credentials>(`/api/v1/robots/${robotId}/credentials`, {
      transport: 'nats',
    });
    if (status >= 300) throw new Error(`credentials for ${robotId} answered ${status}: ${JSON.stringify(body)}`);
    return BareRobot.connect(robotId, body);
  }

  /** Connects with credentials that were issued before. */
  static async connect(robotId: string, credentials: Credentials): Promise<BareRobot> {
    const nc = await connect({
      servers: credentials.urls,
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials.creds)),
      inboxPrefix: credentials.inboxPrefix,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return new BareRobot(robotId, nc, credentials);
  }

  /** Makes an envelope of this robot. */
  envelope(type: string, payload: Record<string, unknown>, more: Partial<WireEnvelope> = {}): WireEnvelope {
    const base = {
      payloadVersion: 1,
      messageId: crypto.randomUUID(),
      robotId: this.robotId,
      sentAt: new Date().toISOString(),
    };
    return { ...base, correlationId: null, type, payload, ...more };
  }

  /** Publishes and waits until the broker has stored it. */
  async send(type: string, payload: Record<string, unknown>, more: Partial<WireEnvelope> = {}): Promise<WireEnvelope> {
    const envelope = this.envelope(type, payload, more);
    await this.sendRaw(
      `${SUBJECT_OF[type]}.${this.robotId}`,
      JSON.stringify(envelope),
      `${this.robotId}:${type}:${envelope.messageId}`,
    );
    return envelope;
  }

  /** Publishes any bytes. */
  async sendRaw(subject: string, data: string | Uint8Array, msgID?: string): Promise<void> {
    await jetstream(this.nc).publish(subject, data, msgID === undefined ? { headers: headers() } : { msgID });
  }

  /** Acknowledges a command. */
  async ack(command: WireEnvelope, status: string, more: Record<string, unknown> = {}): Promise<void> {
    await this.send(
      'cmd.ack',
      { commandId: command.payload['commandId'], status, ...more },
      { correlationId: command.correlationId },
    );
  }

  /** Calls back for every command that its durable delivers; acknowledges each to the broker first. */
  async onCommand(handle: (command: WireEnvelope, message: JsMsg) => unknown): Promise<void> {
    await this.consume(this.credentials.consumer, handle);
  }

  /** Calls back for every desired settings message. */
  async onSettings(handle: (settings: WireEnvelope, message: JsMsg) => unknown): Promise<void> {
    await this.consume(this.credentials.settingsConsumer, handle);
  }

  async close(): Promise<void> {
    await this.nc.close();
  }

  private async consume(durable: string, handle: (envelope: WireEnvelope, message: JsMsg) => unknown): Promise<void> {
    const consumer = await jetstream(this.nc).consumers.get(this.credentials.stream, durable);
    await consumer.consume({
      expires: 5_000,
      callback: (message) => {
        message.ack();
        void handle(message.json<WireEnvelope>(), message);
      },
    });
  }
}
