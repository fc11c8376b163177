import { parseArgs } from 'node:util';
import { Api } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { Caller } from './caller.js';
import { KILLS, type Kill } from './kills.js';
import { runMalls } from './malls.js';
import { check, type Finding, print } from './proof.js';
import { Witness } from './witness.js';

const { values } = parseArgs({
  options: {
    robots: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '1' },
    orchestrators: { type: 'string', default: '200' },
    'calm-s': { type: 'string', default: '4' },
    only: { type: 'string', multiple: true, default: ['robots', 'malls'] },
  },
});
const CALM_MS = Number(values['calm-s']) * 1_000;

/**
 * Kills everything in turn while robots publish numbered telemetry and commands flow; then proves that nothing that was
 * accepted is missing or doubled.
 */
async function runRobots(): Promise<Finding[]> {
  const env = { RATE_LIMIT_USER_PER_MINUTE: '1000000' };
  const platform = await startPlatform({ topology: 'separate', durable: true, env });
  try {
    return await run(platform);
  } finally {
    await platform.stop();
  }
}

/** Key: what `--only` names; each has a platform of its own. */
const CHAOS: Readonly<Record<string, () => Promise<Finding[]>>> = {
  robots: runRobots,
  malls: () =>
    runMalls({ orchestrators: Number(values.orchestrators), rounds: Number(values.rounds), calmMs: CALM_MS }),
};

/** Exit code 1 when a proof fails. */
async function main(): Promise<number> {
  let holds = true;
  for (const [name, chaos] of Object.entries(CHAOS)) {
    if (!values.only.includes(name)) continue;
    console.log(`chaos ${name} …`);
    holds = print(await chaos()) && holds;
  }
  return holds ? 0 : 1;
}

async function run(platform: TestPlatform): Promise<Finding[]> {
  const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
  const robotIds = Array.from({ length: Number(values.robots) }, (_, n) => `CHAOS-${n}`);
  const witnesses = await Promise.all(robotIds.map((robotId) => Witness.enrol(admin, robotId)));
  const caller = new Caller(platform, robotIds);
  for (const witness of witnesses) witness.start();
  caller.start();
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const kill of KILLS) await strike(platform, kill);
  }
  await calm();
  await caller.stop();
  await Promise.all(witnesses.map((witness) => witness.stopPublishing()));
  const findings = await check(platform, witnesses, caller);
  await Promise.all(witnesses.map((witness) => witness.close()));
  return findings;
}

async function strike(platform: TestPlatform, kill: Kill): Promise<void> {
  await calm();
  const startedAt = performance.now();
  await kill.strike(platform);
  console.log(`killed ${kill.name.padEnd(14)} back after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

const calm = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, CALM_MS));

process.exit(await main());
