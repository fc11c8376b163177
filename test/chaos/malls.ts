import { Api } from '../support/api.js';
import { crowdOf } from '../support/mall-crowd.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { type Kill, MALL_KILLS } from './kills.js';
import { syncEpisode, uploadEpisode } from './malls-episodes.js';
import { ChaosOrchestrator, Follower } from './malls-orchestrator.js';
import { People } from './malls-people.js';
import { checkMalls } from './malls-proof.js';
import { ChaosRollout } from './malls-rollout.js';
import { pause } from './pause.js';
import type { Finding } from './proof.js';

const FOLLOWERS = 20;
const ROLLED_OUT = 40;

export interface MallChaosOptions {
  /** Entities with one orchestrator each. */
  readonly orchestrators: number;
  readonly rounds: number;
  /** Between two kills. */
  readonly calmMs: number;
}

const ENV = {
  RATE_LIMIT_USER_PER_MINUTE: '1000000',
  RATE_LIMIT_MACHINE_PER_MINUTE: '1000000',
  RATE_LIMIT_SYNC_DELTA_PER_MINUTE: '1000000',
  RATE_LIMIT_BEACONS_PER_MINUTE: '1000000',
};

/**
 * Kills everything in turn while people change malls, order tasks and send configurations, and while a release is rolled out;
 * then proves that every orchestrator has exactly what its stream has.
 */
export async function runMalls(options: MallChaosOptions): Promise<Finding[]> {
  const platform = await startPlatform({ topology: 'separate', durable: true, env: ENV });
  try {
    return await run(platform, options);
  } finally {
    await platform.stop();
  }
}

async function run(
  platform: TestPlatform,
  { orchestrators: count, rounds, calmMs }: MallChaosOptions,
): Promise<Finding[]> {
  const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
  const malls = await crowdOf(platform, count, 'chaos');
  const orchestrators = malls.map((mall) => new ChaosOrchestrator(mall));
  await waitFor(() => orchestrators.every(({ isGreeted }) => isGreeted), 60_000);
  const followers = malls.slice(0, FOLLOWERS).map((mall) => new Follower(mall));
  const people = new People(
    platform,
    malls.map(({ entityId }) => entityId),
  );
  const rollout = new ChaosRollout(platform, malls.slice(0, ROLLED_OUT));
  for (const follower of followers) follower.start();
  people.start();
  await rollout.start(admin);
  for (let round = 1; round <= rounds; round++) {
    for (const kill of MALL_KILLS) await strike(platform, kill, calmMs);
  }
  await pause(calmMs);
  await people.stop();
  const again = await Api.login(platform.url, 'admin', platform.passwords.admin);
  const rolledOut = await rollout.check(again);
  const findings = await checkMalls(platform, { orchestrators, followers, people });
  await Promise.all([...followers, ...orchestrators.map(({ client }) => client)].map((one) => one.stop()));
  return [
    ...findings,
    ...rolledOut,
    ...(await uploadEpisode(platform, again, ['gateway', 'beacons', 'nats-server', 'postgres'])),
    ...(await syncEpisode(platform, again, ['gateway', 'orchestrators', 'nats-server', 'postgres'])),
  ];
}

async function strike(platform: TestPlatform, kill: Kill, calmMs: number): Promise<void> {
  await pause(calmMs);
  const startedAt = performance.now();
  await kill.strike(platform);
  console.log(`killed ${kill.name.padEnd(14)} back after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}
