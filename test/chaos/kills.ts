import type { TestPlatform } from '../support/platform.js';

/** One way to hurt the platform with SIGKILL and bring it back. */
export interface Kill {
  readonly name: string;
  readonly strike: (platform: TestPlatform) => Promise<void>;
}

const APPS = ['telemetry', 'commands', 'robots', 'gateway'] as const;
const SERVERS = ['nats-server', 'postgres'] as const;
const DOWN_MS = 3_000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, DOWN_MS));

function killOne(name: string): Kill {
  return {
    name,
    strike: async (platform) => {
      await platform.kill(name);
      await pause();
      await platform.restart(name);
    },
  };
}

/** Everything at once, as when the machine loses power; the servers come back first. */
const whole: Kill = {
  name: 'the whole stack',
  strike: async (platform) => {
    await Promise.all([...APPS, ...SERVERS].map((name) => platform.kill(name)));
    await pause();
    for (const server of ['postgres', 'nats-server']) await platform.restart(server);
    await Promise.all(APPS.map((app) => platform.restart(app)));
  },
};

export const KILLS: readonly Kill[] = [...[...SERVERS, ...APPS].map(killOne), whole];

/** What malls are served by. */
export const MALL_KILLS: readonly Kill[] = ['gateway', 'orchestrators', 'beacons', ...SERVERS].map(killOne);
