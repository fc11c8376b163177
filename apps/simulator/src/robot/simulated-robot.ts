import { type JsonObject, ROBOT_MESSAGES } from '#libs/contracts';
import { type Clock, type StopTimer, systemClock } from '../clock.js';
import { type Log, silentLog } from '../log.js';
import { defaultFloorPlan } from '../world/floor-plan.js';
import { type Random, seededRandom, seedOf } from '../world/random.js';
import { type RobotBehaviour, type SimulatedRobotOptions, USUAL_BEHAVIOUR } from './behaviour.js';
import { type Ack, CommandDesk } from './command-desk.js';
import { RobotMachine } from './machine.js';
import { Radio } from './radio.js';
import { capabilityPayload, identityPayload, statusEssence, statusPayload, telemetryPayload } from './reports.js';
import { applySettings, type SettingsLimits, settingsLimits } from './settings.js';

const STATUS_EVERY_MS = 10_000;
const FAREWELL_MS = 1_000;
/** Time for the last words before a reboot. */
const REBOOT_NOTICE_MS = 300;
/** A process that was suspended does not drain a battery in one step. */
const MAX_STEP_S = 5;

/** One robot with a connection of its own: speaks the documents' protocol and nothing else. */
export class SimulatedRobot {
  readonly robotId: string;
  private readonly behaviour: RobotBehaviour;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly random: Random;
  private readonly limits: SettingsLimits;
  private readonly machine: RobotMachine;
  private readonly desk: CommandDesk;
  private readonly radio: Radio;
  private readonly timers = new Set<StopTimer>();
  private stopTelemetry: StopTimer = () => undefined;
  private lastTickMs: number;
  private lastStatus = '';
  private sequence = 0;
  private executedCount = 0;
  private away = false;
  private stopped = false;

  constructor(private readonly options: SimulatedRobotOptions) {
    const { config } = options;
    this.robotId = config.identity.robotId;
    this.behaviour = { ...USUAL_BEHAVIOUR, ...options, plan: options.plan ?? defaultFloorPlan() };
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLog;
    this.random = seededRandom(seedOf(`${this.robotId}/luck`, this.behaviour.seed));
    this.limits = settingsLimits(config.capabilities.maxSpeedMps, this.behaviour.telemetryHz);
    this.machine = this.newMachine();
    this.desk = this.newDesk();
    this.radio = this.newRadio();
    this.lastTickMs = this.clock.nowMs();
  }

  /** One attempt to connect; afterwards the robot comes back by itself. @throws as {@link Radio.connect} does. */
  async start(): Promise<void> {
    await this.radio.connect();
    this.lastTickMs = this.clock.nowMs();
    this.timers.add(this.clock.every(this.behaviour.tickMs, () => this.tick()));
    this.timers.add(this.clock.every(STATUS_EVERY_MS, () => this.reportStatus()));
    this.scheduleTelemetry();
  }

  /** Says what it still has to say, for a second at most, and disconnects. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.stopTelemetry();
    for (const stopTimer of this.timers) stopTimer();
    await this.radio.close(FAREWELL_MS);
  }

  /** Loses the radio for some seconds; the body goes on. */
  async goAway(seconds: number): Promise<void> {
    if (this.away || this.stopped) return;
    this.away = true;
    this.log.info('robot_out_of_reach', { robot_id: this.robotId, seconds: Math.round(seconds) });
    this.once(seconds * 1_000, () => void this.comeBack());
    await this.radio.fade();
  }

  get isUp(): boolean {
    return this.radio.isUp;
  }

  get state(): string {
    return this.machine.state;
  }

  get counters(): Radio['counters'] & { executed: number } {
    return { ...this.radio.counters, executed: this.executedCount };
  }

  private async comeBack(): Promise<void> {
    if (this.stopped) return;
    this.away = false;
    if (this.machine.state === 'rebooting') {
      this.machine.boot();
      this.desk.rebooted();
    }
    await this.radio.comeBack();
  }

  private tick(): void {
    const nowMs = this.clock.nowMs();
    const elapsedS = Math.min(MAX_STEP_S, (nowMs - this.lastTickMs) / 1_000);
    this.lastTickMs = nowMs;
    const report = this.machine.step(elapsedS * this.behaviour.timeFactor);
    if (report !== undefined) this.desk.follow(report);
    if (JSON.stringify(statusEssence(this.machine)) !== this.lastStatus) this.reportStatus();
    const { outages } = this.behaviour;
    if (outages === undefined || !this.random.happens(elapsedS / outages.meanOnlineS)) return;
    void this.goAway(this.random.between(outages.minOfflineS, outages.maxOfflineS));
  }

  private introduce(): void {
    this.reportIdentity();
    this.reportCapability();
    this.radio.report(ROBOT_MESSAGES.settingsReported, { ...this.machine.settings });
    this.reportStatus();
  }

  private reportIdentity(): void {
    this.radio.report(ROBOT_MESSAGES.identity, identityPayload(this.options.config));
  }

  private reportCapability(): void {
    this.radio.report(ROBOT_MESSAGES.capability, capabilityPayload(this.options.config));
  }

  /** Only the newest status counts, so none waits for the radio. */
  private reportStatus(): void {
    if (!this.radio.isUp) return;
    this.lastStatus = JSON.stringify(statusEssence(this.machine));
    this.radio.report(ROBOT_MESSAGES.status, statusPayload(this.machine));
  }

  private reportTelemetry(): void {
    if (this.machine.state === 'rebooting') return;
    this.radio.sample(telemetryPayload(this.machine, this.behaviour.plan.mapId, ++this.sequence));
  }

  private applySettings(desired: JsonObject, correlationId: string): void {
    const before = this.machine.settings;
    this.machine.settings = applySettings(before, desired, this.limits);
    if (before.telemetryHz !== this.machine.settings.telemetryHz) this.scheduleTelemetry();
    this.radio.report(ROBOT_MESSAGES.settingsReported, { ...this.machine.settings }, correlationId);
  }

  /** Starts at a moment of the robot's own, so that a fleet does not speak in chorus. */
  private scheduleTelemetry(): void {
    this.stopTelemetry();
    const intervalMs = 1_000 / this.machine.settings.telemetryHz;
    this.stopTelemetry = this.clock.after(this.random.between(0, intervalMs), () => {
      this.stopTelemetry = this.clock.every(intervalMs, () => this.reportTelemetry());
      this.reportTelemetry();
    });
  }

  private reboot(): void {
    this.once(REBOOT_NOTICE_MS, () => void this.goAway(this.behaviour.rebootS));
  }

  private acknowledge(ack: Ack): void {
    this.radio.report(ROBOT_MESSAGES.commandAck, { ...ack }, ack.commandId);
  }

  private refused(reason: string): void {
    this.log.error('robot_credentials_refused', { robot_id: this.robotId, message: `${reason}. This robot stops.` });
    this.options.observer?.refused?.(reason);
    void this.stop();
  }

  private once(delayMs: number, task: () => void): void {
    const stopTimer = this.clock.after(delayMs, () => {
      this.timers.delete(stopTimer);
      task();
    });
    this.timers.add(stopTimer);
  }

  private newMachine(): RobotMachine {
    const { plan, autonomous, seed } = this.behaviour;
    return new RobotMachine({
      config: this.options.config,
      plan,
      autonomous,
      // A series of its own: what happens on the radio does not change the robot's day.
      random: seededRandom(seedOf(this.robotId, seed)),
      settings: this.limits.defaults,
    });
  }

  private newDesk(): CommandDesk {
    const { config, observer } = this.options;
    return new CommandDesk({
      machine: this.machine,
      supportedCommands: config.capabilities.supportedCommands,
      random: this.random,
      failureRate: this.behaviour.failureRate,
      clock: this.clock,
      actions: {
        acknowledge: (ack) => this.acknowledge(ack),
        reportIdentity: () => this.reportIdentity(),
        reportCapability: () => this.reportCapability(),
        reboot: () => this.reboot(),
        executed: (commandId) => {
          this.executedCount++;
          observer?.executed?.(commandId);
        },
      },
    });
  }

  private newRadio(): Radio {
    const { credentials, observer } = this.options;
    return new Radio({
      robotId: this.robotId,
      credentials,
      clock: this.clock,
      log: this.log,
      listener: {
        up: () => this.introduce(),
        command: (command) => this.desk.take(command),
        settings: (desired, correlationId) => this.applySettings(desired, correlationId),
        stored: (message) => observer?.stored?.(message),
        refused: (reason) => this.refused(reason),
      },
    });
  }
}
