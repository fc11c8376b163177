import type { Api } from '../support/api.js';
import { BareRobot, type WireEnvelope } from '../support/bare-robot.js';

const PUBLISH_EVERY_MS = 20;
const RETRY_MS = 250;
/** What the callers send; the registry's own questions are not counted. */
export const CHAOS_COMMAND = 'chaos';

/**
 * A robot that remembers. It publishes numbered telemetry, each number with one message id until the broker has
 * confirmed it, and it executes each command id once.
 */
export class Witness {
  /** Numbers that the broker confirmed. */
  readonly confirmed = new Set<number>();
  /** Command id → how often it was delivered. */
  readonly deliveries = new Map<string, number>();
  /** Command id → how often it was executed. */
  readonly executions = new Map<string, number>();
  private publishing = true;
  private done: Promise<void> = Promise.resolve();

  private constructor(private readonly robot: BareRobot) {}

  static async enrol(admin: Api, robotId: string): Promise<Witness> {
    const witness = new Witness(await BareRobot.enrol(admin, robotId));
    await witness.robot.onCommand((command) => witness.obey(command));
    return witness;
  }

  get robotId(): string {
    return this.robot.robotId;
  }

  start(): void {
    this.done = this.publishAll();
  }

  /** Ends after the number under way is confirmed. */
  async stopPublishing(): Promise<void> {
    this.publishing = false;
    await this.done;
  }

  async close(): Promise<void> {
    await this.robot.close();
  }

  private async publishAll(): Promise<void> {
    for (let n = 0; this.publishing; n++) {
      const envelope = this.robot.envelope('telemetry', { n });
      await this.untilDone(() =>
        this.robot.sendRaw(`robots.telemetry.${this.robotId}`, JSON.stringify(envelope), idOf(envelope)),
      );
      this.confirmed.add(n);
      await pause(PUBLISH_EVERY_MS);
    }
  }

  private async obey(command: WireEnvelope): Promise<void> {
    if (command.payload['commandType'] !== CHAOS_COMMAND) return;
    const commandId = String(command.payload['commandId']);
    this.deliveries.set(commandId, (this.deliveries.get(commandId) ?? 0) + 1);
    if (this.deliveries.get(commandId) === 1) this.executions.set(commandId, (this.executions.get(commandId) ?? 0) + 1);
    for (const status of ['ACCEPTED', 'COMPLETED']) {
      const ack = this.robot.envelope('cmd.ack', { commandId, status }, { correlationId: command.correlationId });
      await this.untilDone(() => this.robot.sendRaw(`robots.cmd.ack.${this.robotId}`, JSON.stringify(ack), idOf(ack)));
    }
  }

  /** Repeats with the same message id until the broker has it: within its window it stores it once. */
  private async untilDone(send: () => Promise<void>): Promise<void> {
    for (;;) {
      const failed = await send().then(
        () => false,
        () => true,
      );
      if (!failed) return;
      await pause(RETRY_MS);
    }
  }
}

const idOf = ({ robotId, type, messageId }: WireEnvelope): string => `${robotId}:${type}:${messageId}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
