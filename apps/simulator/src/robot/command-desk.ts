import { type JsonObject, parseInstant, type PayloadOf } from '#libs/contracts';
import type { Clock } from '../clock.js';
import type { Random } from '../world/random.js';
import type { Fault, RobotMachine, TripReport } from './machine.js';

export type Command = PayloadOf<'command'>;

/** The payload of an acknowledgement. */
export interface Ack {
  readonly commandId: string;
  readonly status: 'ACCEPTED' | 'REJECTED' | 'PROGRESS' | 'COMPLETED' | 'FAILED';
  /** Percent. */
  readonly progress?: number;
  readonly result?: JsonObject;
  readonly error?: Fault;
}

/** What a command asks of the robot beyond its body. */
export interface DeskActions {
  acknowledge(ack: Ack): void;
  reportIdentity(): void;
  reportCapability(): void;
  /** Goes away, comes back after a while, then calls {@link CommandDesk.rebooted}. */
  reboot(): void;
  /** Execution begins: once per command id. */
  executed(commandId: string): void;
}

export interface DeskOptions {
  readonly machine: RobotMachine;
  readonly actions: DeskActions;
  readonly supportedCommands: readonly string[];
  readonly random: Random;
  /** Share of accepted commands that fail, 0 to 1. */
  readonly failureRate: number;
  readonly clock: Clock;
}

type Decision =
  | { readonly refused: Fault }
  | { readonly underway: true }
  | { readonly done: () => JsonObject; readonly mayFail?: true };

interface ActiveTrip {
  readonly commandId: string;
  nextPercent: number;
  readonly failAtPercent: number;
}

const REMEMBERED_COMMANDS = 2_000;
const PROGRESS_STEP_PERCENT = 20;
/** Asked by the platform of every robot, whatever its list says (robots.txt, "Robot Connection Lifecycle"). */
const ALWAYS_SUPPORTED: readonly string[] = ['identify', 'report_capability'];

/** Takes commands, says yes or no, executes each id once, and tells how it went. */
export class CommandDesk {
  /** The last acknowledgement of each command; a repeated command is answered with it, not executed. */
  private readonly answered = new Map<string, Ack>();
  private trip: ActiveTrip | undefined;
  private reboot: string | undefined;

  constructor(private readonly options: DeskOptions) {}

  take(command: Command): void {
    const known = this.answered.get(command.commandId);
    if (known !== undefined) return this.options.actions.acknowledge(known);
    const { commandId } = command;
    const decision = this.decide(command);
    if ('refused' in decision) return this.answer({ commandId, status: 'REJECTED', error: decision.refused });
    this.answer({ commandId, status: 'ACCEPTED' });
    this.options.actions.executed(commandId);
    if ('done' in decision) this.finish(commandId, decision);
    else this.answer({ commandId, status: 'PROGRESS', progress: 0 });
  }

  /** Turns the body's reports into acknowledgements of the command that ordered the trip. */
  follow(report: TripReport): void {
    const { trip } = this;
    if (trip === undefined) return;
    if (report.kind === 'moving') return this.progress(trip, report.percent);
    this.trip = undefined;
    if (report.kind === 'gave-up') return this.failed(trip.commandId, report.fault);
    this.answer({ commandId: trip.commandId, status: 'COMPLETED', progress: 100, result: { station: report.node } });
  }

  rebooted(): void {
    if (this.reboot === undefined) return;
    const bootedAt = new Date(this.options.clock.nowMs()).toISOString();
    this.answer({ commandId: this.reboot, status: 'COMPLETED', progress: 100, result: { bootedAt } });
    this.reboot = undefined;
  }

  private decide(command: Command): Decision {
    const { commandType, expiresAt } = command;
    if (this.reboot !== undefined) return refused('REBOOTING', 'The robot is restarting.');
    if (!this.supports(commandType)) return refused('UNSUPPORTED_COMMAND', `This robot knows no "${commandType}".`);
    // A date that cannot be read is no permission to act late.
    const isValid = parseInstant(expiresAt) > this.options.clock.nowMs();
    if (!isValid) return refused('EXPIRED', `The command was to start before ${expiresAt}.`);
    return (
      this.decideTrip(command) ??
      this.decideOther(command) ??
      refused('NOT_IMPLEMENTED', `"${commandType}" does nothing.`)
    );
  }

  private supports(commandType: string): boolean {
    return this.options.supportedCommands.includes(commandType) || ALWAYS_SUPPORTED.includes(commandType);
  }

  private decideTrip({ commandId, commandType, payload }: Command): Decision | undefined {
    const { machine } = this.options;
    switch (commandType) {
      case 'goto':
        if (typeof payload['station'] !== 'string') return refused('INVALID_PAYLOAD', 'goto needs {"station": "…"}.');
        return this.startTrip(commandId, machine.goTo(payload['station']));
      case 'dock':
        return this.startTrip(commandId, machine.dock());
      case 'undock':
        return this.startTrip(commandId, machine.undock());
      default:
        return undefined;
    }
  }

  private decideOther({ commandId, commandType, payload }: Command): Decision | undefined {
    const { machine, actions } = this.options;
    switch (commandType) {
      case 'pause':
        return { done: this.nothing(() => machine.pause()) };
      case 'resume':
        return { done: this.nothing(() => machine.resume()) };
      case 'stop':
        return { done: this.nothing(() => this.dropTrip('STOPPED', () => machine.stop())) };
      case 'identify':
        return { done: this.nothing(() => actions.reportIdentity()) };
      case 'report_capability':
        return { done: this.nothing(() => actions.reportCapability()) };
      case 'set_light':
        return this.setLight(payload['color']);
      case 'reboot':
        return this.startReboot(commandId);
      default:
        return undefined;
    }
  }

  private startTrip(commandId: string, refusal: Fault | undefined): Decision {
    if (refusal !== undefined) return { refused: refusal };
    const { random, failureRate } = this.options;
    this.dropTrip('SUPERSEDED', () => undefined);
    const failAtPercent = random.happens(failureRate) ? random.between(10, 90) : Infinity;
    this.trip = { commandId, nextPercent: PROGRESS_STEP_PERCENT, failAtPercent };
    return { underway: true };
  }

  private setLight(color: unknown): Decision {
    if (typeof color !== 'string' || !/^[#\w-]{1,32}$/.test(color)) {
      return refused('INVALID_PAYLOAD', 'set_light needs {"color": "green"} or {"color": "#00ff00"}.');
    }
    const { machine } = this.options;
    return { done: () => ({ color: (machine.light = color) }), mayFail: true };
  }

  private startReboot(commandId: string): Decision {
    this.dropTrip('REBOOTING', () => this.options.machine.shutDown());
    this.reboot = commandId;
    this.options.actions.reboot();
    return { underway: true };
  }

  private dropTrip(code: string, then: () => void): void {
    const { trip } = this;
    this.trip = undefined;
    if (trip !== undefined) this.failed(trip.commandId, { code, message: 'A later command ended this one.' });
    then();
  }

  private finish(commandId: string, { done, mayFail }: Extract<Decision, { done: unknown }>): void {
    const fails = mayFail === true && this.options.random.happens(this.options.failureRate);
    if (fails) this.failed(commandId, { code: 'DEVICE_FAULT', message: 'The device did not respond.' });
    else this.answer({ commandId, status: 'COMPLETED', progress: 100, result: done() });
  }

  private progress(trip: ActiveTrip, percent: number): void {
    if (percent >= trip.failAtPercent) return this.obstacle(trip);
    if (percent < trip.nextPercent) return;
    trip.nextPercent = (Math.floor(percent / PROGRESS_STEP_PERCENT) + 1) * PROGRESS_STEP_PERCENT;
    this.answer({ commandId: trip.commandId, status: 'PROGRESS', progress: percent });
  }

  private obstacle({ commandId }: ActiveTrip): void {
    const cause = { code: 'OBSTACLE', message: 'Something stands in the way.' };
    this.trip = undefined;
    this.options.machine.fail(cause);
    this.failed(commandId, cause);
  }

  private failed(commandId: string, error: Fault): void {
    this.answer({ commandId, status: 'FAILED', error });
  }

  private answer(ack: Ack): void {
    // Set anew, it moves to the end: what is talked about longest ago is forgotten first.
    this.answered.delete(ack.commandId);
    this.answered.set(ack.commandId, ack);
    const [oldest] = this.answered.keys();
    if (oldest !== undefined && this.answered.size > REMEMBERED_COMMANDS) this.answered.delete(oldest);
    this.options.actions.acknowledge(ack);
  }

  private nothing(act: () => void): () => JsonObject {
    return () => {
      act();
      return {};
    };
  }
}

function refused(code: string, message: string): Decision {
  return { refused: { code, message } };
}
