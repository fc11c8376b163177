import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CredentialStore } from './enrolment/credential.store.js';
import { Enrolment } from './enrolment/enrolment.js';
import { GatewayClient } from './enrolment/gateway.client.js';
import { Fleet } from './fleet.js';
import { systemClock } from './clock.js';
import { type Log, reasonOf } from './log.js';
import { Mall } from './mall/mall.js';
import type { SimulatorOptions } from './options.js';
import { fleetOf, readRobotConfigs, type RobotConfig, sampleRobotConfigs } from './robot/robot-config.js';
import { SimulatedRobot } from './robot/simulated-robot.js';
import { defaultFloorPlan, parseFloorPlan } from './world/floor-plan.js';

const SAMPLE_FLEET_SIZE = 25;
const SUMMARY_EVERY_MS = 30_000;
const STOP_WITHIN_MS = 1_900;
const OUTAGES = { meanOnlineS: 600, minOfflineS: 15, maxOfflineS: 60 };

/** Runs a fleet until `signal` is aborted. @throws Error when its files cannot be read or no robot can be started */
export async function runSimulator(options: SimulatorOptions, log: Log, signal: AbortSignal): Promise<void> {
  const gateway = new GatewayClient({ ...options, log, signal });
  const fleet = assemble(options, gateway, log, signal);
  const malls = mallsOf(options, gateway, log, signal);
  const summary = setInterval(() => log.info('fleet_summary', { ...fleet.summary }), SUMMARY_EVERY_MS);
  try {
    await Promise.all([runUntilAborted(fleet, log, signal), ...malls.map((mall) => runMall(mall, log))]);
  } finally {
    clearInterval(summary);
    await Promise.race([fleet.stop(), new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref())]);
  }
  log.info('fleet_stopped', { ...fleet.summary });
}

async function runUntilAborted(fleet: Fleet, log: Log, signal: AbortSignal): Promise<void> {
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await Promise.race([fleet.start(), aborted]);
  if (signal.aborted) return;
  log.info('fleet_started', { ...fleet.summary });
  await aborted;
}

function assemble(options: SimulatorOptions, gateway: GatewayClient, log: Log, signal: AbortSignal): Fleet {
  const { url, seed, rateHz: telemetryHz, failureRate } = options;
  const plan = options.floorPlan === undefined ? defaultFloorPlan() : readFloorPlan(options.floorPlan);
  const outages = options.steady ? undefined : OUTAGES;
  const store = new CredentialStore(join(options.dataDir, 'simulator'), url);
  return new Fleet({
    configs: configsOf(options),
    enrolment: new Enrolment(gateway, store, log, signal),
    make: (config, credentials) =>
      new SimulatedRobot({ config, credentials, plan, log, seed, telemetryHz, failureRate, outages }),
    log,
    signal,
  });
}

/** A mall that cannot be started leaves the robots and the other malls alone. */
async function runMall(mall: Mall, log: Log): Promise<void> {
  try {
    await mall.run();
  } catch (error) {
    log.error('mall_failed', { message: reasonOf(error) });
  }
}

function mallsOf(options: SimulatorOptions, gateway: GatewayClient, log: Log, signal: AbortSignal): Mall[] {
  const { url, malls, beacons, seed, failureRate, dataDir } = options;
  return Array.from({ length: malls }, (_, n) => {
    const entityId = `mall-${n + 1}`;
    const directory = join(dataDir, 'simulator', 'malls', entityId);
    const parts = { url, entityId, name: `Mall ${n + 1}`, gateway, directory, beacons, seed, failureRate };
    return new Mall({ ...parts, clock: systemClock, log, signal });
  });
}

function configsOf({ config, robots }: SimulatorOptions): readonly RobotConfig[] {
  if (config === undefined) return fleetOf(sampleRobotConfigs(), robots ?? SAMPLE_FLEET_SIZE);
  const configs = readRobotConfigs(config);
  return fleetOf(configs, robots ?? configs.length);
}

function readFloorPlan(path: string): ReturnType<typeof parseFloorPlan> {
  return parseFloorPlan(JSON.parse(readFileSync(path, 'utf8')));
}
