import type { JsonObject } from '#libs/contracts';

/** What a simulated robot lets people set; the keys are the ones of its settings messages. */
export interface Settings {
  readonly maxSpeedMps: number;
  readonly telemetryHz: number;
  readonly lowBatteryPercent: number;
}

type Range = readonly [min: number, max: number];

export interface SettingsLimits {
  readonly defaults: Settings;
  readonly ranges: Readonly<Record<keyof Settings, Range>>;
}

const MIN_SPEED_MPS = 0.1;
const MIN_TELEMETRY_HZ = 0.1;
const MAX_TELEMETRY_HZ = 50;
const LOW_BATTERY_PERCENT = 25;

/** What this robot can do at most; `telemetryHz` is the rate it starts with. */
export function settingsLimits(maxSpeedMps: number, telemetryHz: number): SettingsLimits {
  return {
    defaults: { maxSpeedMps, telemetryHz, lowBatteryPercent: LOW_BATTERY_PERCENT },
    ranges: {
      maxSpeedMps: [Math.min(MIN_SPEED_MPS, maxSpeedMps), maxSpeedMps],
      telemetryHz: [Math.min(MIN_TELEMETRY_HZ, telemetryHz), Math.max(MAX_TELEMETRY_HZ, telemetryHz)],
      lowBatteryPercent: [10, 80],
    },
  };
}

/**
 * What the robot makes of a wish: numbers are brought into its range, `null` means its default, and keys it does not
 * know or cannot read change nothing.
 */
export function applySettings(current: Settings, desired: JsonObject, { defaults, ranges }: SettingsLimits): Settings {
  const take = (key: keyof Settings): number => {
    const wish = desired[key];
    if (wish === null) return defaults[key];
    if (typeof wish !== 'number' || !Number.isFinite(wish)) return current[key];
    const [min, max] = ranges[key];
    return Math.min(max, Math.max(min, wish));
  };
  return {
    maxSpeedMps: take('maxSpeedMps'),
    telemetryHz: take('telemetryHz'),
    lowBatteryPercent: take('lowBatteryPercent'),
  };
}
