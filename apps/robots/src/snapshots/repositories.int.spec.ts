import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { migrateSchema, toDataSourceOptions } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { Robots0001 } from '../migrations/0001-robots.js';
import { Robots0002 } from '../migrations/0002-received-text.js';
import { PresenceRepository } from '../presence/presence.repository.js';
import { Robot } from '../registry/robot.entity.js';
import { findRobots, lockRobot, RobotRepository, updateMetadata } from '../registry/robot.repository.js';
import { registerRobots, touchRobots } from '../registry/sighting.repository.js';
import { ReportedRepository, storeReported } from '../settings/reported.repository.js';
import { StatusRepository, storeStatuses } from '../status/status.repository.js';
import { CapabilityRepository, storeCapability } from './capability.repository.js';
import { contentHashOf } from '#libs/contracts';
import { IdentityRepository, storeIdentity } from './identity.repository.js';
import type { Report } from './report.js';

const AT = new Date('2026-11-20T12:00:00.000Z');
const LONG_AGO = new Date(0);

function report(robotId: string, payload: Record<string, unknown>, epochMs: number, sequence: number): Report {
  const messageId = crypto.randomUUID();
  return {
    robotId,
    payload,
    messageId,
    receivedAt: AT.toISOString(),
    position: { epochMs, sequence },
    contentHash: contentHashOf(payload),
    text: JSON.stringify({ messageId, payload }),
  };
}

describe('ROB-077 the repositories', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let tx: EntityManager;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
    const options = toDataSourceOptions({ url: database.url, applicationName: 'spec' });
    dataSource = await new DataSource({ ...options, entities: [Robot] }).initialize();
    await migrateSchema(dataSource, { schema: 'robots', migrations: [Robots0001, Robots0002] });
    tx = dataSource.manager;
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('migrates back and forth', async () => {
    const runner = dataSource.createQueryRunner();
    await new Robots0002().down(runner);
    await new Robots0001().down(runner);
    await new Robots0001().up(runner);
    await new Robots0002().up(runner);
    await runner.release();
  });

  it('registers each robot once, also when many do so at the same time', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `R-${n}`);
    const shuffled = (): string[] => [...ids].sort(() => Math.random() - 0.5);
    const added = await Promise.all(Array.from({ length: 8 }, () => registerRobots(tx, shuffled())));
    expect(added.flat().sort()).toEqual([...ids].sort());
  });

  it('touches in any order by several at once without a deadlock, and never back', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `R-${n}`);
    const touch = (at: Date): Promise<unknown> =>
      dataSource.transaction((own) =>
        touchRobots(
          own,
          [...ids].sort(() => Math.random() - 0.5).map((robotId) => ({ robotId, at })),
          LONG_AGO,
        ),
      );
    await Promise.all(Array.from({ length: 8 }, (_, n) => touch(new Date(AT.getTime() - n * 1_000))));
    const rows = await dataSource.query<{ lastSeenAt: Date }[]>(
      `SELECT DISTINCT "lastSeenAt" FROM "robots"."robots" WHERE "robotId" LIKE 'R-%'`,
    );
    expect(rows).toEqual([{ lastSeenAt: AT }]);
  });

  it('tells a change of presence once', async () => {
    await registerRobots(tx, ['T-1']);
    const touch = (at: Date): ReturnType<typeof touchRobots> => touchRobots(tx, [{ robotId: 'T-1', at }], LONG_AGO);
    const [one, two] = await Promise.all([touch(AT), touch(new Date(AT.getTime() + 1))]);
    expect([...one, ...two]).toMatchObject([{ robotId: 'T-1', previous: 'unknown', presence: 'online' }]);
  });

  it('lets replicas share the sweep: each silent robot changes once, with one event', async () => {
    await tx.query(
      `INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey", "presence", "lastSeenAt")
       SELECT 'P-' || n, '', '', 'online', $1 FROM generate_series(1, 300) n`,
      [AT],
    );
    const presence = new PresenceRepository(dataSource);
    const limits = { staleBefore: AT, offlineBefore: null };
    const moved = await Promise.all(Array.from({ length: 8 }, () => presence.moveSilent(limits, 500)));
    const ids = moved.flat().map(({ robotId }) => robotId);
    expect(ids.filter((robotId) => robotId.startsWith('P-'))).toHaveLength(300);
    const events = await tx.query(`SELECT 1 FROM "robots"."outbox" WHERE "subject" LIKE 'events.robots.P-%'`);
    expect(events).toHaveLength(300);
  });

  it('gets, locks and updates a robot', async () => {
    expect(await lockRobot(tx, 'NOBODY')).toBe(false);
    expect(await lockRobot(tx, 'T-1')).toBe(true);
    await updateMetadata(tx, 'T-1', { displayName: 'Tee', tags: ['x'] });
    const robots = new RobotRepository(dataSource);
    expect(await robots.find('T-1')).toMatchObject({ displayName: 'Tee', tags: ['x'], lastSeenAt: expect.any(String) });
    expect(await robots.exists('NOBODY')).toBe(false);
    expect((await findRobots(tx, ['T-1', 'R-1'])).map(({ robotId }) => robotId)).toEqual(['R-1', 'T-1']);
  });

  it('takes the newest identity by position, whatever the order of arrival', async () => {
    await registerRobots(tx, ['I-1']);
    const identities = new IdentityRepository(dataSource);
    const second = report('I-1', { model: 'second' }, 1, 20);
    expect(await storeIdentity(tx, second)).toBe('stored');
    expect(await storeIdentity(tx, report('I-1', { model: 'first' }, 1, 10))).toBe('outdated');
    expect(await storeIdentity(tx, second)).toBe('duplicate');
    expect((await identities.latest('I-1'))?.payload).toEqual({ model: 'second' });
    expect(await storeIdentity(tx, report('I-1', { model: 'of a new stream' }, 2, 1))).toBe('stored');
    expect(await storeIdentity(tx, second)).toBe('outdated');
    expect((await identities.latest('I-1'))?.payload).toEqual({ model: 'of a new stream' });
    expect(await tx.query(`SELECT 1 FROM "robots"."robot_identity_snapshots" WHERE "robotId" = 'I-1'`)).toHaveLength(3);
  });

  it('takes the newest capability by position, and keeps a repeat under the same message id out', async () => {
    await registerRobots(tx, ['C-1']);
    const second = report('C-1', { n: 2 }, 1, 20);
    expect((await storeCapability(tx, second)).outcome).toBe('stored');
    expect((await storeCapability(tx, report('C-1', { n: 1 }, 1, 10))).outcome).toBe('outdated');
    expect((await storeCapability(tx, second)).outcome).toBe('duplicate');
    const repeat = { ...report('C-1', { n: 2 }, 1, 30), messageId: second.messageId };
    expect((await storeCapability(tx, repeat)).outcome).toBe('outdated');
    expect((await new CapabilityRepository(dataSource).latest('C-1'))?.payload).toEqual({ n: 2 });
  });

  it('knows the firmware of a capability that is stored before the identity it came after', async () => {
    await registerRobots(tx, ['C-2']);
    await storeCapability(tx, report('C-2', {}, 1, 101));
    await storeIdentity(tx, report('C-2', { firmwareVersion: '9' }, 1, 100));
    const rows = await tx.query(
      `SELECT "firmwareVersion", "capabilityFirmwareVersion" FROM "robots"."robots" WHERE "robotId" = 'C-2'`,
    );
    expect(rows).toEqual([{ firmwareVersion: '9', capabilityFirmwareVersion: '9' }]);
  });

  it('takes the newest reported settings by position', async () => {
    await registerRobots(tx, ['S-1']);
    const second = report('S-1', { speed: 2 }, 1, 20);
    expect(await storeReported(tx, second)).toBe('stored');
    expect(await storeReported(tx, report('S-1', { speed: 1 }, 1, 10))).toBe('outdated');
    expect(await storeReported(tx, second)).toBe('duplicate');
    expect((await new ReportedRepository(dataSource).latest('S-1'))?.payload).toEqual({ speed: 2 });
  });

  it('takes the newest status by position, within a batch and between batches', async () => {
    await registerRobots(tx, ['ST-1']);
    const status = (n: number, epochMs: number, sequence: number) => ({
      robotId: 'ST-1',
      subject: '',
      deliveries: 1,
      receivedAt: AT,
      position: { epochMs, sequence },
      text: JSON.stringify({ payload: { n } }),
    });
    await storeStatuses(tx, [status(1, 1, 5), status(2, 1, 7), status(3, 1, 6)]);
    const statuses = new StatusRepository(dataSource);
    expect((await statuses.latest('ST-1'))?.payload).toEqual({ n: 2 });
    await storeStatuses(tx, [status(4, 1, 6)]);
    expect((await statuses.latest('ST-1'))?.payload).toEqual({ n: 2 });
    await storeStatuses(tx, [status(5, 2, 1)]);
    expect((await statuses.latest('ST-1'))?.payload).toEqual({ n: 5 });
  });
});
