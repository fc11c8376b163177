import { batteryPowerW, stepBattery, type BatteryPack } from '../world/battery.js';
import { advance, type Drive, nodeAt, parkedAt, poseOf, remainingM, routeTo } from '../world/drive.js';
import { type FloorPlan, shortestPath } from '../world/floor-plan.js';
import type { Random } from '../world/random.js';
import { batteryPackOf, type RobotConfig } from './robot-config.js';
import type { Settings } from './settings.js';

export interface MachineOptions {
  readonly config: RobotConfig;
  readonly plan: FloorPlan;
  readonly random: Random;
  readonly settings: Settings;
  /** Whether the robot finds work and a dock by itself when nobody orders anything. */
  readonly autonomous: boolean;
}

/** Why a robot does not do, or did not finish, what it was told. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** What became of an ordered trip in the last step. */
export type TripReport =
  | { readonly kind: 'moving'; readonly percent: number }
  | { readonly kind: 'arrived'; readonly node: string }
  | { readonly kind: 'gave-up'; readonly fault: Fault };

export type MachineState = 'idle' | 'driving' | 'charging' | 'docked' | 'paused' | 'stopped' | 'rebooting';

interface Trip {
  readonly target: string;
  readonly lengthM: number;
  readonly ordered: boolean;
}

const RESERVE_PERCENT = 3;
/** A model of a battery, not of a dead robot: it always crawls to its dock. */
const FLOOR_PERCENT = 1;
const CHARGED_PERCENT = 95;
const STAY_AFTER_ORDER_S = 30;

/** Body and behaviour of one robot, moved by `step` alone: same configuration, seed and orders, same day. */
export class RobotMachine {
  settings: Settings;
  light = 'off';
  private readonly pack: BatteryPack;
  private drive: Drive;
  private headingDeg = 0;
  private speedMps = 0;
  private batteryPercent: number;
  private hold: 'none' | 'paused' | 'stopped' | 'rebooting' = 'none';
  private trip: Trip | undefined;
  /** Docked by order: stays until told otherwise. */
  private kept = false;
  private restS: number;
  private fault: Fault | undefined;

  constructor(private readonly options: MachineOptions) {
    const { config, plan, random, settings } = options;
    this.settings = settings;
    this.pack = batteryPackOf(config);
    this.drive = parkedAt(random.pick(plan.stations));
    this.batteryPercent = random.between(45, 100);
    this.restS = random.between(0, 5);
  }

  get state(): MachineState {
    if (this.hold !== 'none') return this.hold;
    if (this.trip !== undefined) return 'driving';
    if (this.isCharging) return 'charging';
    return this.isAtDock ? 'docked' : 'idle';
  }

  /** The station, dock or crossing the robot stands at. */
  get node(): string | undefined {
    return nodeAt(this.drive.place);
  }

  get errors(): readonly Fault[] {
    return this.fault === undefined ? [] : [this.fault];
  }

  get battery(): { percent: number; charging: boolean; powerW: number } {
    const load = { speedShare: this.speedShare, charging: this.isCharging };
    const percent = Math.round(this.batteryPercent * 100) / 100;
    return { percent, charging: load.charging, powerW: Math.round(batteryPowerW(this.pack, load)) };
  }

  get motion(): { xM: number; yM: number; headingDeg: number; speedMps: number } {
    const { xM, yM, headingDeg } = poseOf(this.options.plan, this.drive.place);
    return { xM, yM, headingDeg: headingDeg ?? this.headingDeg, speedMps: this.speedMps };
  }

  /** Lets `seconds` pass. */
  step(seconds: number): TripReport | undefined {
    this.move(seconds);
    const load = { seconds, speedShare: this.speedShare, charging: this.isCharging };
    this.batteryPercent = Math.max(FLOOR_PERCENT, stepBattery(this.batteryPercent, this.pack, load));
    const report = this.endOrContinue();
    if (this.trip === undefined && this.hold === 'none' && this.options.autonomous) this.lookForWork(seconds);
    return report;
  }

  goTo(target: string): Fault | undefined {
    if (!this.options.plan.nodes.has(target)) return fault('UNKNOWN_STATION', `The map has no "${target}".`);
    if (this.hold === 'paused') return fault('PAUSED', 'The robot is paused; send resume first.');
    if (this.batteryPercent <= RESERVE_PERCENT && !this.options.plan.docks.includes(target)) return BATTERY_LOW;
    this.begin(target, true);
    return undefined;
  }

  dock(): Fault | undefined {
    if (!this.options.config.capabilities.docking) return fault('NO_DOCKING', 'The robot cannot dock.');
    return this.goTo(this.nearestDock());
  }

  undock(): Fault | undefined {
    if (!this.isAtDock) return fault('NOT_DOCKED', 'The robot is not at a dock.');
    const [exit] = this.options.plan.neighbours.get(this.drive.place.to) ?? [];
    return exit === undefined ? fault('BLOCKED', 'No lane leads away from the dock.') : this.goTo(exit);
  }

  pause(): void {
    if (this.hold === 'none') this.hold = 'paused';
  }

  /** Ends a pause, a stop, or a stay at the dock. */
  resume(): void {
    this.kept = false;
    this.hold = 'none';
  }

  /** Drops the trip; the robot stays where it is until told otherwise. */
  stop(): void {
    this.trip = undefined;
    this.hold = 'stopped';
  }

  /** Gives up the trip for a reason that shows until the next one begins. */
  fail(cause: Fault): void {
    this.trip = undefined;
    this.fault = cause;
    this.restS = STAY_AFTER_ORDER_S;
  }

  shutDown(): void {
    this.trip = undefined;
    this.hold = 'rebooting';
  }

  boot(): void {
    this.hold = 'none';
    this.fault = undefined;
    this.light = 'off';
  }

  private get isAtDock(): boolean {
    return this.node !== undefined && this.options.plan.docks.includes(this.node);
  }

  private get isCharging(): boolean {
    return this.isAtDock && this.trip === undefined && this.options.config.capabilities.charging;
  }

  private get speedShare(): number {
    return this.speedMps / this.options.config.capabilities.maxSpeedMps;
  }

  private begin(target: string, ordered: boolean): void {
    this.drive = routeTo(this.options.plan, this.drive, target);
    this.trip = { target, ordered, lengthM: remainingM(this.options.plan, this.drive) };
    this.hold = 'none';
    this.kept = false;
    this.fault = undefined;
  }

  private move(seconds: number): void {
    const { plan, config } = this.options;
    const isMoving = this.trip !== undefined && this.hold === 'none';
    const allowedMps = Math.min(config.capabilities.maxSpeedMps, this.settings.maxSpeedMps);
    const leftM = remainingM(plan, this.drive);
    this.speedMps = isMoving ? Math.min(allowedMps, seconds > 0 ? leftM / seconds : 0) : 0;
    if (!isMoving) return;
    this.drive = advance(plan, this.drive, this.speedMps * seconds);
    this.headingDeg = poseOf(plan, this.drive.place).headingDeg ?? this.headingDeg;
  }

  private endOrContinue(): TripReport | undefined {
    const { trip } = this;
    if (trip === undefined) return undefined;
    if (this.node === trip.target) return this.arrive(trip);
    if (!trip.ordered) return undefined;
    if (this.batteryPercent <= RESERVE_PERCENT && !this.options.plan.docks.includes(trip.target)) {
      this.fail(BATTERY_LOW);
      return { kind: 'gave-up', fault: BATTERY_LOW };
    }
    const doneShare = 1 - remainingM(this.options.plan, this.drive) / trip.lengthM;
    return { kind: 'moving', percent: Math.floor(doneShare * 100) };
  }

  private arrive({ target, ordered }: Trip): TripReport | undefined {
    this.trip = undefined;
    this.kept = ordered && this.isAtDock;
    this.restS = ordered ? STAY_AFTER_ORDER_S : this.options.random.between(3, 10);
    return ordered ? { kind: 'arrived', node: target } : undefined;
  }

  private lookForWork(seconds: number): void {
    const { plan, random, config } = this.options;
    this.restS -= seconds;
    if (this.isCharging && (this.kept || this.batteryPercent < CHARGED_PERCENT)) return;
    if (this.isLow && config.capabilities.docking && !this.isAtDock) this.begin(this.nearestDock(), false);
    else if (this.restS <= 0) this.begin(random.pick(plan.stations), false);
  }

  private get isLow(): boolean {
    return this.batteryPercent < this.settings.lowBatteryPercent;
  }

  private nearestDock(): string {
    const { plan } = this.options;
    const lengthM = (dock: string): number => shortestPath(plan, this.drive.place.to, dock).lengthM;
    return plan.docks.reduce((best, dock) => (lengthM(dock) < lengthM(best) ? dock : best), plan.docks[0]);
  }
}

const fault = (code: string, message: string): Fault => ({ code, message });
const BATTERY_LOW = fault('BATTERY_LOW', `The battery is at its reserve of ${RESERVE_PERCENT} %.`);
