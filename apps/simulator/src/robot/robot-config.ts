import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { isRobotId } from '#libs/contracts';
import type { BatteryPack } from '../world/battery.js';
import carrier from './samples/carrier.json' with { type: 'json' };
import scout from './samples/scout.json' with { type: 'json' };
import tug from './samples/tug.json' with { type: 'json' };

const Positive = Type.Number({ exclusiveMinimum: 0 });
const Text = Type.String({ minLength: 1, maxLength: 256 });

/** What a robot knows about itself: its local `robot_config.json` (robots.txt, "Robot Runtime Alignment"). */
export const RobotConfig = Type.Object({
  identity: Type.Object({
    robotId: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    model: Text,
    vendor: Text,
    firmwareVersion: Text,
    serialNumber: Text,
  }),
  dimensions: Type.Object({ lengthM: Positive, widthM: Positive, heightM: Positive, massKg: Positive }),
  motors: Type.Array(Type.Object({ name: Text, ratedPowerW: Positive })),
  io: Type.Array(Type.Object({ name: Text, direction: Type.Union([Type.Literal('in'), Type.Literal('out')]) })),
  battery: Type.Optional(Type.Object({ capacityWh: Positive, idlePowerW: Positive, chargePowerW: Positive })),
  capabilities: Type.Object({
    supportedCommands: Type.Array(Text),
    maxSpeedMps: Positive,
    sensors: Type.Array(Text),
    payloadKg: Type.Number({ minimum: 0 }),
    charging: Type.Boolean(),
    docking: Type.Boolean(),
  }),
  runtime: Type.Object({ mode: Type.Union([Type.Literal('REAL'), Type.Literal('MOCK')]) }),
});

export type RobotConfig = Static<typeof RobotConfig>;
export type RobotConfigs = readonly [RobotConfig, ...RobotConfig[]];

const robotConfig = Compile(RobotConfig);

/** Checks one robot's configuration. @throws Error that names `source` and lists everything wrong. */
export function parseRobotConfig(value: unknown, source: string): RobotConfig {
  if (robotConfig.Check(value) && isRobotId(value.identity.robotId)) return value;
  const problems = robotConfig.Errors(value).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw new Error(`${source}: ${problems.join('; ') || '/identity/robotId is a reserved word'}.`);
}

/** Reads one `robot_config.json`, or every .json file of a directory in the order of their names. */
export function readRobotConfigs(path: string): RobotConfigs {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith('.json'))
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  const [first, ...rest] = files.map((file) => parseRobotConfig(JSON.parse(readFileSync(file, 'utf8')), file));
  if (first === undefined) throw new Error(`${path} holds no .json file.`);
  return [first, ...rest];
}

/** The robots that come with the simulator: a carrier, a tug and a scout. */
export function sampleRobotConfigs(): RobotConfigs {
  return [
    parseRobotConfig(carrier, 'carrier.json'),
    parseRobotConfig(tug, 'tug.json'),
    parseRobotConfig(scout, 'scout.json'),
  ];
}

/** The configured robots, then copies of them in turn under the next free numbers (RB-001 … RB-025), `count` in all. */
export function fleetOf(configs: RobotConfigs, count: number): readonly RobotConfig[] {
  const fleet = configs.slice(0, count);
  const taken = new Set(fleet.map((config) => config.identity.robotId));
  if (taken.size < fleet.length) throw new Error('Two robot configurations have the same robotId.');
  for (let index = fleet.length; index < count; index++) {
    const template = configs[index % configs.length] ?? configs[0];
    const robotId = nextFreeId(template.identity.robotId, taken);
    taken.add(robotId);
    fleet.push(parseRobotConfig(copyOf(template, robotId, index + 1), 'a copied robot'));
  }
  return fleet;
}

function copyOf(template: RobotConfig, robotId: string, number: number): RobotConfig {
  const serialNumber = `${template.identity.serialNumber}-${String(number)}`;
  return { ...template, identity: { ...template.identity, robotId, serialNumber } };
}

function nextFreeId(robotId: string, taken: ReadonlySet<string>): string {
  const digits = /\d+$/.exec(robotId)?.[0] ?? '';
  const prefix = digits === '' ? `${robotId}-` : robotId.slice(0, -digits.length);
  for (let number = Number(digits) + 1; ; number++) {
    const candidate = prefix + String(number).padStart(digits.length || 3, '0');
    if (!taken.has(candidate)) return candidate;
  }
}

const USUAL_BATTERY = { capacityWh: 90, idlePowerW: 12, chargePowerW: 900 };

/** The battery with the motors that draw from it. */
export function batteryPackOf({ battery, motors }: RobotConfig): BatteryPack {
  return { ...(battery ?? USUAL_BATTERY), drivePowerW: motors.reduce((sum, motor) => sum + motor.ratedPowerW, 0) };
}
