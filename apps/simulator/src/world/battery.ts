export interface BatteryPack {
  readonly capacityWh: number;
  /** Drawn at all times. */
  readonly idlePowerW: number;
  /** Drawn on top at full speed. */
  readonly drivePowerW: number;
  readonly chargePowerW: number;
}

export interface BatteryLoad {
  readonly seconds: number;
  /** Share of full speed, 0 to 1. */
  readonly speedShare: number;
  readonly charging: boolean;
}

const SECONDS_PER_HOUR = 3_600;

/** Net power into the battery in watts; negative while it drains. */
export function batteryPowerW(pack: BatteryPack, { speedShare, charging }: Omit<BatteryLoad, 'seconds'>): number {
  return (charging ? pack.chargePowerW : 0) - pack.idlePowerW - pack.drivePowerW * speedShare;
}

/** Percent left after the load was on for some time. */
export function stepBattery(percent: number, pack: BatteryPack, load: BatteryLoad): number {
  const gainedWh = (batteryPowerW(pack, load) * load.seconds) / SECONDS_PER_HOUR;
  return Math.min(100, Math.max(0, percent + (gainedWh / pack.capacityWh) * 100));
}
