import type { JsonObject } from '#libs/contracts';
import type { RobotMachine } from './machine.js';
import type { RobotConfig } from './robot-config.js';

export function identityPayload({ identity, runtime }: RobotConfig): JsonObject {
  const { model, vendor, firmwareVersion, serialNumber } = identity;
  return { model, vendor, firmwareVersion, serialNumber, runtime };
}

export function capabilityPayload({ capabilities, dimensions }: RobotConfig): JsonObject {
  return { ...capabilities, dimensions };
}

/** @param sequence counts this robot's samples since it was switched on, so that a gap shows */
export function telemetryPayload(machine: RobotMachine, mapId: string, sequence: number): JsonObject {
  const { xM, yM, headingDeg, speedMps } = machine.motion;
  return {
    sequence,
    position: { x: rounded(xM), y: rounded(yM), mapId },
    headingDeg: rounded(headingDeg),
    speedMps: rounded(speedMps),
    battery: machine.battery,
    state: machine.state,
    errors: machine.errors,
  };
}

export function statusPayload(machine: RobotMachine): JsonObject {
  return { ...statusEssence(machine), battery: machine.battery };
}

/** The part of a status whose change is news. */
export function statusEssence(machine: RobotMachine): JsonObject {
  const { state, node, light, errors } = machine;
  const station = state === 'driving' ? null : (node ?? null);
  return { state, station, light, errors };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
