import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeMessage, type JsonObject, type MessageContract, ROBOT_MESSAGES } from '#libs/contracts';
import type { Clock, StopTimer } from '../clock.js';
import { type Log, reasonOf } from '../log.js';
import type { Command } from './command-desk.js';
import { type OutgoingMessage, seal } from './envelope.js';
import { Intake } from './intake.js';
import { type RobotCredentials, RobotLink } from './link.js';
import { Outbox } from './outbox.js';

/** What the radio brings to the robot. */
export interface RadioListener {
  /** Connected, or connected again. */
  up(): void;
  command(command: Command): void;
  /** @param correlationId what the robot's answer refers to */
  settings(desired: JsonObject, correlationId: string): void;
  /** The broker has stored a message. */
  stored(message: OutgoingMessage): void;
  /** The credentials are no longer accepted; the radio stays silent. */
  refused(reason: string): void;
}

export interface RadioOptions {
  readonly robotId: string;
  readonly credentials: RobotCredentials;
  readonly listener: RadioListener;
  readonly clock: Clock;
  readonly log: Log;
}

const SAMPLES_WAITING = 600;
const REPORTS_WAITING = 1_000;
const STORE_TIMEOUT_MS = 2_000;

/** Everything between a robot and the broker: one connection, what goes out until stored, what comes in. */
export class Radio {
  private readonly link: RobotLink;
  private readonly intakes: readonly Intake[];
  /** Acknowledgements and reports do not queue behind a backlog of samples. */
  private readonly reports: Outbox;
  private readonly samples: Outbox;
  private ready = false;
  private publisher: JetStreamClient | undefined;

  constructor(private readonly options: RadioOptions) {
    const { robotId, credentials, listener } = options;
    this.link = new RobotLink(robotId, credentials, {
      up: (connection) => this.up(connection),
      down: () => this.down(),
      refused: (reason) => listener.refused(reason),
      complaint: (reason) => options.log.warn('broker_complains', { robot_id: robotId, message: reason }),
    });
    this.reports = this.outbox(REPORTS_WAITING);
    this.samples = this.outbox(SAMPLES_WAITING);
    this.intakes = [
      this.intake(credentials.consumer, (subject, data) => this.takeCommand(subject, data)),
      this.intake(credentials.settingsConsumer, (subject, data) => this.takeSettings(subject, data)),
    ];
  }

  get isUp(): boolean {
    return this.link.current !== undefined;
  }

  get counters(): { stored: number; dropped: number; retried: number; waiting: number } {
    const sum = (of: (outbox: Outbox) => number): number => of(this.reports) + of(this.samples);
    return {
      stored: sum((outbox) => outbox.storedCount),
      dropped: sum((outbox) => outbox.droppedCount),
      retried: sum((outbox) => outbox.retriedCount),
      waiting: sum((outbox) => outbox.size),
    };
  }

  /** One attempt. @throws CredentialsRefusedError, DurableMissingError, or the connection's error. */
  async connect(): Promise<void> {
    try {
      await this.link.open();
      const connection = this.link.current;
      if (connection === undefined) throw new Error('The connection was lost at once.');
      for (const intake of this.intakes) await intake.verify(connection);
      this.ready = true;
      this.up(connection);
    } catch (error) {
      await this.link.close();
      throw error;
    }
  }

  report(message: MessageContract, payload: JsonObject, correlationId?: string): void {
    this.reports.put(this.seal(message, payload, correlationId));
  }

  sample(payload: JsonObject): void {
    this.samples.put(this.seal(ROBOT_MESSAGES.telemetry, payload));
  }

  /** Out of reach: what is said meanwhile waits in the outbox. */
  async fade(): Promise<void> {
    await this.link.close();
  }

  async comeBack(): Promise<void> {
    await this.link.reopen();
  }

  /** Says what it still has to say, if that takes no longer than `farewellMs`, and disconnects. */
  async close(farewellMs: number): Promise<void> {
    if (this.isUp) await this.reportsStoredWithin(farewellMs);
    this.reports.close();
    this.samples.close();
    await this.link.close();
  }

  private async reportsStoredWithin(limitMs: number): Promise<void> {
    let stopTimer: StopTimer = () => undefined;
    const limit = new Promise<void>((resolve) => {
      stopTimer = this.options.clock.after(limitMs, resolve);
    });
    await Promise.race([this.reports.empty(), limit]);
    stopTimer();
  }

  private up(connection: NatsConnection): void {
    if (!this.ready) return;
    this.publisher = jetstream(connection);
    for (const intake of this.intakes) intake.start(connection);
    this.reports.wake();
    this.samples.wake();
    this.options.listener.up();
  }

  private down(): void {
    for (const intake of this.intakes) intake.stop();
  }

  private async send(message: OutgoingMessage): Promise<void> {
    if (this.publisher === undefined || !this.isUp) throw new Error('not connected');
    const options = { msgID: message.publishId, timeout: STORE_TIMEOUT_MS };
    await this.publisher.publish(message.subject, message.data, options);
    this.options.listener.stored(message);
  }

  private takeCommand(subject: string, data: Uint8Array): void {
    this.options.listener.command(decodeMessage(ROBOT_MESSAGES.command, subject, data).envelope.payload);
  }

  private takeSettings(subject: string, data: Uint8Array): void {
    const { envelope } = decodeMessage(ROBOT_MESSAGES.settingsDesired, subject, data);
    this.options.listener.settings(envelope.payload, envelope.correlationId ?? envelope.messageId);
  }

  private seal(message: MessageContract, payload: JsonObject, correlationId?: string): OutgoingMessage {
    return seal(this.options.robotId, message, { payload, correlationId }, this.options.clock);
  }

  private outbox(capacity: number): Outbox {
    const { robotId, clock, log } = this.options;
    return new Outbox({
      capacity,
      clock,
      send: (message) => this.send(message),
      onRetry: ({ publishId }, error) => {
        if (this.isUp)
          log.warn('publish_retried', { robot_id: robotId, publish_id: publishId, message: reasonOf(error) });
      },
    });
  }

  private intake(durable: string, take: (subject: string, data: Uint8Array) => void): Intake {
    const { robotId, credentials, log } = this.options;
    return new Intake({ robotId, stream: credentials.stream, durable, take, log });
  }
}
