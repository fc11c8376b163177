import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { FirmwareReportDto, RolloutPlanDto } from '#libs/contracts';
import { connectDataSource, migrateSchema } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { ReleaseRepository } from '../firmware/release.repository.js';
import { Beacons0001 } from '../migrations/0001-outbox.js';
import { Beacons0002 } from '../migrations/0002-devices.js';
import { Beacons0003 } from '../migrations/0003-firmware.js';
import { Beacons0004 } from '../migrations/0004-rollouts.js';
import { CandidateRepository } from './candidate.repository.js';
import { RolloutAdmission } from './rollout.admission.js';
import { RolloutDryRun } from './rollout.dry-run.js';
import type { OfferedDevice, RolledFirmware } from './rollout.gate.js';
import { RolloutPreparer } from './rollout.preparer.js';
import { RolloutReader } from './rollout.reader.js';
import { RolloutReportRecorder } from './rollout.reports.js';
import { lockRollout, RolloutRepository } from './rollout.repository.js';
import { RolloutReverter } from './rollout.reverter.js';
import { RolloutService } from './rollout.service.js';
import { ReleaseRollouts } from './rollout.starter.js';
import { RolloutSteps } from './rollout.steps.js';
import type { RolloutSweeper } from './rollout.sweeper.js';
import { RolloutDeviceRepository } from './rollout-device.repository.js';

const FIRMWARE: RolledFirmware = { firmwareId: 'fw-beacon-v020', version: '0.2.0', strategy: 'canary' };
const PLAN: Partial<RolloutPlanDto> = {
  groups: [10, 50, 100],
  success_threshold: 0.9,
  error_threshold: { percent: 20 },
};
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let dataSource: DataSource;
let rollouts: RolloutService;
let reader: RolloutReader;
let admission: RolloutAdmission;
let reports: RolloutReportRecorder;
let steps: RolloutSteps;
let starter: ReleaseRollouts;

// The sweeper is the tests' own hand: steps are taken one by one, at instants of their choice.
const sweeper = { kick: () => undefined } as unknown as RolloutSweeper;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 8 });
  const migrations = [Beacons0001, Beacons0002, Beacons0003, Beacons0004];
  await migrateSchema(dataSource, { schema: 'beacons', migrations });
  const [repository, releases] = [new RolloutRepository(dataSource), new ReleaseRepository(dataSource)];
  rollouts = new RolloutService(dataSource, repository, releases, sweeper);
  reader = new RolloutReader(repository, new RolloutDeviceRepository(dataSource));
  admission = new RolloutAdmission(dataSource, repository, sweeper);
  reports = new RolloutReportRecorder(repository, sweeper);
  const preparer = new RolloutPreparer(new CandidateRepository(dataSource), releases);
  steps = new RolloutSteps(preparer, new RolloutReverter(releases));
  starter = new ReleaseRollouts(sweeper);
});

beforeEach(async () => {
  await dataSource.query(
    `TRUNCATE "beacons"."rollouts", "beacons"."devices", "beacons"."firmware", "beacons"."firmware_keys", "beacons"."outbox" CASCADE`,
  );
  await dataSource.query(`INSERT INTO "beacons"."firmware_keys" VALUES ('k', 'private', 'public')`);
  await publish('fw-beacon-v018', '0.1.8');
  await publish(FIRMWARE.firmwareId, FIRMWARE.version);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function publish(firmwareId: string, version: string): Promise<void> {
  await dataSource.query(
    `INSERT INTO "beacons"."firmware" ("firmwareId", "target", "deviceType", "channel", "version", "compatibleHardware",
       "strategy", "priority", "dataJson", "objectName", "sizeBytes", "checksum", "signature", "keyId", "publishedBy")
     VALUES ($1, 'esp32c3', 'beacon', 'stable', $2, '{}', 'canary', 'normal', '{}', $1, 1, 'sha256:0', 's', 'k', 'spec')`,
    [firmwareId, version],
  );
}

async function enrol(count: number, { version = '0.1.8', entityId = 'mall-a', from = 0 } = {}): Promise<void> {
  await dataSource.query(
    `INSERT INTO "beacons"."devices" ("entityId", "beaconId", "deviceId", "deviceType", "publicKey", "approved",
       "firmwareVersion", "hardwareRevision")
     SELECT $1, 'b-' || lpad(n::text, 5, '0'), 'd-' || n, 'turnstile', 'pem', true, $2, 'esp32c3-rev3'
     FROM generate_series($3::int, $3::int + $4::int - 1) n`,
    [entityId, version, from, count],
  );
}

const device = (n: number): OfferedDevice => ({
  entityId: 'mall-a',
  beaconId: `b-${String(n).padStart(5, '0')}`,
  hardwareRevision: 'esp32c3-rev3',
  firmwareVersion: '0.1.8',
});

/** One step of the sweeper; answers whether there is more to do. */
function step(rolloutId: string, now = new Date()): Promise<boolean> {
  return dataSource.transaction(async (tx) => {
    const rollout = await lockRollout(tx, rolloutId, { skip: true });
    return rollout !== undefined && (await steps.take(tx, rollout, now));
  });
}

async function prepared(plan: Partial<RolloutPlanDto> = PLAN): Promise<string> {
  const { rollout_id } = await rollouts.create({ request: { firmware_id: FIRMWARE.firmwareId, plan }, by: 'user:1' });
  while ((await reader.get(rollout_id)).status === 'preparing') await step(rollout_id);
  return rollout_id;
}

async function offeredTo(count: number): Promise<number[]> {
  const admitted: number[] = [];
  for (let n = 0; n < count; n++) if (await admission.admits(FIRMWARE, device(n))) admitted.push(n);
  return admitted;
}

function report(
  n: number,
  status: FirmwareReportDto['status'],
  error: FirmwareReportDto['error'] = null,
): Promise<void> {
  const said = {
    firmware_id: FIRMWARE.firmwareId,
    entity_id: 'mall-a',
    beacon_id: device(n).beaconId,
    status,
    error,
    received_at: new Date().toISOString(),
  } as FirmwareReportDto;
  return dataSource.transaction((tx) => reports.record(tx, said));
}

describe('a rollout with devices', () => {
  it('ORC-051 offers a canary release to its first group alone until success reports arrive', async () => {
    await enrol(40);
    const rolloutId = await prepared();
    const canaries = await offeredTo(40);
    expect(canaries).toHaveLength(4);
    await step(rolloutId);
    expect(await offeredTo(40)).toEqual(canaries);
    for (const n of canaries) await report(n, 'success');
    await step(rolloutId);
    const { active_group, groups } = await reader.get(rolloutId);
    expect(active_group).toBe(2);
    expect(groups[0]).toMatchObject({ state: 'passed', devices: { succeeded: 4 } });
    expect(await offeredTo(40)).toHaveLength(20);
  });

  it('ORC-051 begins with the first devices when there was none, instead of being over at once', async () => {
    const { rollout_id } = await rollouts.create({
      request: { firmware_id: FIRMWARE.firmwareId, plan: PLAN },
      by: 'x',
    });
    const busy = () => new RolloutRepository(dataSource).busy();
    await step(rollout_id);
    expect(await busy()).toEqual([]);
    await enrol(1);
    expect(await offeredTo(1)).toEqual([]);
    expect(await busy()).toEqual([rollout_id]);
    await step(rollout_id);
    expect(await offeredTo(1)).toEqual([0]);
    await enrol(40, { from: 1 });
    const admitted = await offeredTo(41);
    await step(rollout_id);
    expect(await offeredTo(41)).toEqual(admitted);
    expect(admitted.length).toBeLessThan(25);
    expect((await reader.get(rollout_id)).active_group).toBe(1);
    for (const n of admitted) await report(n, 'success');
    await step(rollout_id);
    expect((await reader.get(rollout_id)).active_group).toBe(2);
  });

  it('goes through all groups and finishes, and then the release is for everybody', async () => {
    await enrol(10);
    const rolloutId = await prepared();
    for (let round = 0; round < 3; round++) {
      for (const n of await offeredTo(10)) await report(n, 'success');
      await step(rolloutId);
    }
    expect(await reader.get(rolloutId)).toMatchObject({ status: 'finished', active_group: 3 });
    await enrol(1, { from: 100 });
    expect(await admission.admits(FIRMWARE, device(100))).toBe(true);
  });

  it('ORC-050 counts a boot that failed and was rolled back, and halts', async () => {
    await enrol(40);
    const rolloutId = await prepared();
    const [first = 0, ...others] = await offeredTo(40);
    await report(first, 'rolled_back', 'boot_failed');
    for (const n of others) await report(n, 'success');
    await step(rolloutId);
    expect(await reader.get(rolloutId)).toMatchObject({ status: 'halted', reason: 'error_threshold', active_group: 1 });
    expect(await offeredTo(40)).toEqual([]);
    await expect(rollouts.act(rolloutId, { kind: 'pause' }, 'user:1')).rejects.toMatchObject({
      code: 'ROLLOUT_STATE_CONFLICT',
    });
  });

  it('counts devices that say nothing as failed when their deadline is over', async () => {
    await enrol(40);
    const rolloutId = await prepared({ ...PLAN, device_deadline_seconds: 3_600 });
    await step(rolloutId, new Date(Date.now() + HOUR_MS / 2));
    expect((await reader.get(rolloutId)).status).toBe('running');
    await step(rolloutId, new Date(Date.now() + 2 * HOUR_MS));
    const { status, groups } = await reader.get(rolloutId);
    expect([status, groups[0]?.devices.failed]).toEqual(['halted', 4]);
    const { devices } = await reader.page(rolloutId, { group: 1 }, { limit: 10 });
    expect(devices.map(({ error }) => error)).toEqual(['silent', 'silent', 'silent', 'silent']);
  });

  it('offers again to devices that failed when a person wants it', async () => {
    await enrol(10);
    const rolloutId = await prepared();
    const [only = 0] = await offeredTo(10);
    await report(only, 'failed', 'insufficient_space');
    await step(rolloutId);
    expect((await reader.get(rolloutId)).status).toBe('halted');
    await rollouts.act(rolloutId, { kind: 'retry' }, 'user:1');
    expect(await offeredTo(10)).toEqual([only]);
    await report(only, 'success');
    await step(rolloutId);
    expect((await reader.get(rolloutId)).active_group).toBe(2);
  });

  it('offers to nobody new while it is paused, and to those under way', async () => {
    await enrol(40);
    const rolloutId = await prepared();
    const [first = 0] = await offeredTo(40);
    await rollouts.act(rolloutId, { kind: 'pause' }, 'user:1');
    expect(await admission.admits(FIRMWARE, device(first))).toBe(true);
    await rollouts.act(rolloutId, { kind: 'abort' }, 'user:1');
    expect(await admission.admits(FIRMWARE, device(first))).toBe(false);
  });

  it('brings every updated device back once, to the firmware that it had', async () => {
    await enrol(10);
    const rolloutId = await prepared({ ...PLAN, groups: [100] });
    for (const n of await offeredTo(10)) if (n < 6) await report(n, 'success');
    await rollouts.act(rolloutId, { kind: 'rollback' }, 'user:1');
    while (await step(rolloutId));
    expect((await reader.get(rolloutId)).status).toBe('rolled_back');
    const commands = await dataSource.query(`SELECT "commandJson", "beaconId" FROM "beacons"."device_commands"`);
    expect(new Set(commands.map((row: any) => row.beaconId)).size).toBe(6);
    expect(commands).toHaveLength(6);
    expect(commands[0].commandJson).toMatchObject({
      type: 'firmware_update',
      firmware_id: 'fw-beacon-v018',
      version: '0.1.8',
    });
    expect(await offeredTo(10)).toEqual([]);
  });

  it('takes in a beacon that registers later, into the group of its place', async () => {
    await enrol(40);
    const rolloutId = await prepared();
    await enrol(400, { from: 1_000 });
    const late = Array.from({ length: 400 }, (_, n) => n + 1_000);
    let admitted = 0;
    for (const n of late) if (await admission.admits(FIRMWARE, device(n))) admitted++;
    expect(admitted).toBeGreaterThan(5);
    expect(admitted).toBeLessThan(200);
    expect(
      (await reader.get(rolloutId)).groups.reduce((sum, { devices }) => sum + devices.waiting + devices.offered, 0),
    ).toBe(440);
  });

  it('holds thousands in exactly one group each, prepared in pages that may be interrupted', async () => {
    await enrol(2_500);
    await enrol(7, { version: '0.2.0', from: 9_000 });
    const { rollout_id } = await rollouts.create({
      request: { firmware_id: FIRMWARE.firmwareId, plan: PLAN },
      by: 'user:1',
    });
    await step(rollout_id);
    // A crash in the middle of a page: nothing of it stays, and the next replica does it again.
    await dataSource
      .transaction(async (tx) => {
        const rollout = await lockRollout(tx, rollout_id, { skip: true });
        await steps.take(tx, rollout!, new Date());
        throw new Error('killed');
      })
      .catch(() => undefined);
    while ((await reader.get(rollout_id)).status === 'preparing') await step(rollout_id);
    const { groups } = await reader.get(rollout_id);
    expect(groups.map(({ devices }) => devices.waiting)).toEqual([250, 1_000, 1_250]);
  });

  it('moves one group at a time whatever the number of replicas', async () => {
    await enrol(10);
    const rolloutId = await prepared();
    for (const n of await offeredTo(10)) await report(n, 'success');
    await Promise.all(Array.from({ length: 6 }, () => step(rolloutId)));
    expect((await reader.get(rolloutId)).active_group).toBe(2);
    const events = await dataSource.query(`SELECT "kind" FROM "beacons"."rollout_events"`);
    expect(events).toHaveLength(2);
  });

  it('begins once for a release, however often it is published, and once for a request', async () => {
    await enrol(3);
    const start = (): Promise<string | null> => dataSource.transaction((tx) => starter.start(tx, FIRMWARE));
    const rolloutId = await start();
    expect(rolloutId).toMatch(/^rollout-[0-9a-f]{12}$/);
    expect(await start()).toBe(rolloutId);
    expect(await dataSource.transaction((tx) => starter.start(tx, { ...FIRMWARE, strategy: 'all' }))).toBeNull();
    const request = { request: { firmware_id: FIRMWARE.firmwareId }, by: 'user:1', idempotencyKey: 'user:1 k' };
    await expect(rollouts.create(request)).rejects.toMatchObject({ code: 'ROLLOUT_STATE_CONFLICT' });
    await rollouts.act(rolloutId!, { kind: 'abort' }, 'user:1');
    const [first, second] = [await rollouts.create(request), await rollouts.create(request)];
    expect(second.rollout_id).toBe(first.rollout_id);
  });

  it('shows in a dry run who would get what, and stores nothing', async () => {
    await enrol(20);
    await enrol(5, { version: '0.2.0', from: 100 });
    const dryRun = new RolloutDryRun(new CandidateRepository(dataSource), new ReleaseRepository(dataSource));
    const plan = await dryRun.run({ firmware_id: FIRMWARE.firmwareId, plan: PLAN });
    expect(plan).toMatchObject({ total_devices: 20, left_out: { up_to_date: 5 } });
    expect(plan.groups.map(({ devices }) => devices)).toEqual([2, 8, 10]);
    expect(plan.devices).toHaveLength(20);
    expect(await dataSource.query(`SELECT 1 FROM "beacons"."rollouts"`)).toEqual([]);
    await expect(dryRun.run({ firmware_id: 'fw-none' })).rejects.toMatchObject({ code: 'FIRMWARE_NOT_FOUND' });
  });

  it('tells the people who watch a mall when its rollout moves', async () => {
    await enrol(10);
    const rolloutId = await prepared();
    const rows = await dataSource.query(`SELECT "subject", "body" FROM "beacons"."outbox"`);
    expect(rows).toHaveLength(1);
    expect(rows[0].subject).toBe('events.malls.mall-a.rollout.updated');
    expect(JSON.parse(rows[0].body)).toMatchObject({ rollout_id: rolloutId, status: 'running', active_group: 1 });
  });

  it('lists rollouts and devices page by page', async () => {
    await enrol(12);
    const rolloutId = await prepared();
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await reader.page(rolloutId, {}, { limit: 5, ...(after && { after }) });
      seen.push(...page.devices.map(({ beacon_id }) => beacon_id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(new Set(seen).size).toBe(12);
    expect((await reader.list({ status: 'running', firmwareId: null }, { limit: 1 })).rollouts).toHaveLength(1);
    await expect(reader.list({ status: null, firmwareId: null }, { limit: 1, after: 'bogus' })).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
  });
});
