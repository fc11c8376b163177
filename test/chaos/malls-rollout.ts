import { Api } from '../support/api.js';
import { BeaconDevice } from '../support/beacon-device.js';
import { publish } from '../support/firmware.js';
import { onDatabase } from '../support/mall-crowd.js';
import type { MallOrchestrator } from '../support/mall.js';
import type { TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';
import { pause } from './pause.js';
import type { Finding } from './proof.js';

const [OLD, NEW] = ['0.1.0', '0.2.0'];
const HEARTBEAT_MS = 500;
const SETTLE_MS = 120_000;
/** Every so many beacons fail their first try. */
const FAILS_EVERY = 8;
const PLAN = {
  groups: [10, 50, 100],
  success_threshold: 0.9,
  error_threshold: { percent: 100 },
  soak_seconds: 8,
  device_deadline_seconds: 600,
  retry: { max_retries: 3, backoff_seconds: 1, errors: ['download_failed'] },
};

/** A beacon that is heard now and then, takes what it is offered, and reports until it was believed. */
class UpdatingBeacon {
  readonly device: BeaconDevice;
  version = OLD;
  /** Tries that it reported the end of. */
  tries = 0;

  constructor(
    readonly mall: MallOrchestrator,
    private readonly isFlaky: boolean,
  ) {
    this.device = new BeaconDevice(mall.entityId, mall);
  }

  async hear(): Promise<void> {
    const { status, body } = await this.device.heartbeat({ firmware_version: this.version });
    if (status !== 200) return;
    const update = body.commands.find(({ type }: { type: string }) => type === 'firmware_update');
    if (update) await this.update(update.firmware_id);
  }

  private async update(firmwareId: string): Promise<void> {
    const fails = this.isFlaky && this.tries === 0;
    const { status } = await this.mall.post('/api/orchestrators/firmware/status', {
      firmware_id: firmwareId,
      beacon_id: this.device.beaconId,
      status: fails ? 'failed' : 'success',
      ...(fails ? { error: 'download_failed' } : { new_version: NEW }),
      previous_version: OLD,
      updated_at: new Date().toISOString(),
    });
    if (status !== 200) return;
    this.tries++;
    if (!fails) this.version = NEW;
  }
}

/** A rollout that goes on while everything around it is killed. */
export class ChaosRollout {
  private readonly beacons: UpdatingBeacon[];
  private readonly lives: Promise<void>[] = [];
  private living = true;
  private rolloutId = '';

  constructor(
    private readonly platform: TestPlatform,
    malls: readonly MallOrchestrator[],
  ) {
    this.beacons = malls.map((mall, n) => new UpdatingBeacon(mall, n % FAILS_EVERY === 0));
  }

  async start(admin: Api): Promise<void> {
    for (const { device } of this.beacons) await device.register({ firmware_version: OLD });
    const { firmware_id } = await publish(admin, { version: NEW, target: 'esp32c3' });
    const request = { firmware_id, strategy: 'canary', plan: PLAN };
    const { status, body } = await admin.post('/api/v1/rollouts', request);
    if (status >= 300) throw new Error(`a rollout answered ${status}: ${JSON.stringify(body)}`);
    this.rolloutId = body.rollout_id;
    for (const beacon of this.beacons) this.lives.push(this.live(beacon));
  }

  /** Waits for its end and counts. */
  async check(admin: Api): Promise<Finding[]> {
    const path = `/api/v1/rollouts/${this.rolloutId}`;
    const isOver = async (): Promise<boolean> => (await admin.get(path)).body.status === 'finished';
    const hasEnded = await waitFor(isOver, SETTLE_MS).catch(() => false);
    this.living = false;
    await Promise.all(this.lives);
    const { body } = await admin.get(path);
    console.log(`the rollout is ${body.status}: ${JSON.stringify(body.groups.map(({ devices }: any) => devices))}`);
    const rows = await this.rows();
    const inGroups: number[] = body.groups.map(({ devices }: { devices: Record<string, number> }) =>
      Object.values(devices).reduce((sum, count) => sum + count, 0),
    );
    const counted = inGroups.reduce((sum, count) => sum + count, 0);
    const count = this.beacons.length;
    return [
      { claim: 'the rollout ended', checked: 1, broken: hasEnded ? 0 : 1 },
      {
        claim: 'every beacon is in exactly one group',
        checked: count,
        broken:
          Math.abs(count - new Set(rows.map(({ key }) => key)).size) +
          Math.abs(rows.length - count) +
          rows.filter(({ group }) => group === null).length,
      },
      { claim: 'the groups’ counts add up', checked: count, broken: Math.abs(counted - count) },
      {
        claim: 'every beacon has the release',
        checked: count,
        broken: this.beacons.filter(({ version }) => version !== NEW).length,
      },
    ];
  }

  private async live(beacon: UpdatingBeacon): Promise<void> {
    while (this.living) {
      await beacon.hear().catch(() => undefined);
      await pause(HEARTBEAT_MS);
    }
  }

  private rows(): Promise<{ key: string; group: number | null }[]> {
    return onDatabase(this.platform.databaseUrl, async (database) => {
      const { rows } = await database.query<{ key: string; group: number | null }>(
        `SELECT "entityId" || '/' || "beaconId" AS "key", "group" FROM "beacons"."rollout_devices" WHERE "rolloutId" = $1`,
        [this.rolloutId],
      );
      return rows;
    });
  }
}
