import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetOf, parseRobotConfig, readRobotConfigs, sampleRobotConfigs } from './robot-config.js';

const idsOf = (configs: ReturnType<typeof fleetOf>): string[] => configs.map(({ identity }) => identity.robotId);

describe('robot_config.json', () => {
  it('ROB-030 defines identity, dimensions, motors, IO, capabilities and a runtime mode', () => {
    const [carrier] = sampleRobotConfigs();
    expect(Object.keys(carrier)).toEqual(
      expect.arrayContaining(['identity', 'dimensions', 'motors', 'io', 'capabilities', 'runtime']),
    );
    for (const part of ['identity', 'dimensions', 'motors', 'io', 'capabilities', 'runtime']) {
      expect(() => parseRobotConfig({ ...carrier, [part]: undefined }, 'x.json')).toThrow(`x.json: /`);
    }
  });

  it('accepts REAL and MOCK and no other mode', () => {
    const [carrier] = sampleRobotConfigs();
    for (const mode of ['REAL', 'MOCK']) expect(parseRobotConfig({ ...carrier, runtime: { mode } }, 'x')).toBeDefined();
    expect(() => parseRobotConfig({ ...carrier, runtime: { mode: 'DEMO' } }, 'x.json')).toThrow(/runtime\/mode/);
  });

  it.each(['RB.1', '*', 'ack', ''])('refuses the robotId "%s"', (robotId) => {
    const [carrier] = sampleRobotConfigs();
    const identity = { ...carrier.identity, robotId };
    expect(() => parseRobotConfig({ ...carrier, identity }, 'x.json')).toThrow(/x\.json: \/identity\/robotId/);
  });

  it('makes RB-001 to RB-025 of the three samples in turn', () => {
    const fleet = fleetOf(sampleRobotConfigs(), 25);
    expect(idsOf(fleet)).toEqual(Array.from({ length: 25 }, (_, i) => `RB-${String(i + 1).padStart(3, '0')}`));
    expect(fleet[3]?.identity.model).toBe(fleet[0]?.identity.model);
    expect(new Set(fleet.map(({ identity }) => identity.serialNumber)).size).toBe(25);
  });

  it('makes as few as asked for, and numbers ids that have none', () => {
    expect(idsOf(fleetOf(sampleRobotConfigs(), 2))).toEqual(['RB-001', 'RB-002']);
    const [carrier] = sampleRobotConfigs();
    const kitchen = { ...carrier, identity: { ...carrier.identity, robotId: 'kitchen' } };
    expect(idsOf(fleetOf([kitchen], 3))).toEqual(['kitchen', 'kitchen-001', 'kitchen-002']);
  });

  it('is read from a file or from a directory of them', () => {
    const directory = mkdtempSync(join(tmpdir(), 'robot-config-'));
    const [carrier, tug] = sampleRobotConfigs();
    writeFileSync(join(directory, 'b.json'), JSON.stringify(tug));
    writeFileSync(join(directory, 'a.json'), JSON.stringify(carrier));
    expect(idsOf(readRobotConfigs(directory))).toEqual(['RB-001', 'RB-002']);
    expect(idsOf(readRobotConfigs(join(directory, 'b.json')))).toEqual(['RB-002']);
    rmSync(directory, { recursive: true });
    expect(() => readRobotConfigs(directory)).toThrow(/ENOENT/);
  });
});
