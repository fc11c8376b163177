import { deadLetterSubject, CONSUMERS, ROBOTS_REQUESTS } from '#libs/contracts';
import { DataSource } from 'typeorm';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';

import { storeIdentity } from './identity.repository.js';

describe('identity and capability snapshots', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
  });

  afterAll(async () => {
    await robots.stop();
  });

  const identityOf = (robotId: string): Promise<Record<string, any>> =>
    robots.ask(ROBOTS_REQUESTS.identity, { robotId });
  const storedOf = (robotId: string): Promise<Record<string, any>[]> =>
    robots.query(
      `SELECT "snapshotId", "payloadJson", "streamSequence"::int AS seq, "contentHash", "model", "firmwareVersion"
       FROM "robots"."robot_identity_snapshots" WHERE "robotId" = $1 ORDER BY "streamSequence"`,
      [robotId],
    );

  it('ROB-019 ROB-031 ROB-041 stores an identity and shows its summary in the robot', async () => {
    const identity = { model: 'M1', vendor: 'V', firmwareVersion: '1.0', serialNumber: 'S1', battery: { cells: 4 } };
    await robots.say('identity', 'ID-1', identity);
    await waitFor(() => robots.eventsOf('ID-1', 'identity.updated').length === 1);
    expect(await identityOf('ID-1')).toEqual({
      robotId: 'ID-1',
      receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      payload: identity,
    });
    const robot = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'ID-1' });
    expect(robot.identity).toEqual({ model: 'M1', vendor: 'V', firmwareVersion: '1.0', serialNumber: 'S1' });
    await robots.say('identity', 'ID-1', { model: 'M2' });
    await waitFor(() => robots.eventsOf('ID-1', 'identity.updated').length === 2);
    const later = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'ID-1' });
    expect(later.identity).toEqual({ model: 'M2', vendor: null, firmwareVersion: null, serialNumber: null });
  });

  it('ROB-035 ROB-002 keeps the whole envelope as received, unknown fields and large numbers too', async () => {
    const more = { 'x-trace': { hops: [1, 2] }, serial: 12345678901234 };
    const { envelope } = await robots.say('identity', 'ID-2', { model: 'M', extra: { a: [1, null, 'ü'] } }, more);
    await waitFor(() => robots.eventsOf('ID-2', 'identity.updated').length === 1);
    const [snapshot] = await storedOf('ID-2');
    expect(snapshot).toMatchObject({ payloadJson: envelope, model: 'M' });
  });

  it('ROB-002 answers what the robot wrote, member by member in its order', async () => {
    const payload = { zeta: 1, model: 'M', alpha: { b: [1.5, { y: 0, x: 0 }], a: null }, ü: '✓' };
    for (const kind of ['identity', 'capability', 'settingsReported'] as const) {
      await robots.say(kind, 'ID-V', payload);
    }
    await robots.settled();
    const asked = { robotId: 'ID-V' };
    const answers = [
      await robots.ask(ROBOTS_REQUESTS.identity, asked),
      await robots.ask(ROBOTS_REQUESTS.capability, asked),
      await robots.ask(ROBOTS_REQUESTS.settingsReported, asked),
      ...(await robots.ask(ROBOTS_REQUESTS.history, { ...asked, kind: 'identity', limit: 1 })).items,
    ];
    for (const answer of answers) expect(JSON.stringify(answer.payload)).toBe(JSON.stringify(payload));
  });

  it('ROB-028 adds a row per identity and changes none', async () => {
    for (const firmwareVersion of ['1', '2', '3']) await robots.say('identity', 'ID-3', { firmwareVersion });
    await robots.settled();
    const before = await storedOf('ID-3');
    expect(before.map((row) => row['firmwareVersion'])).toEqual(['1', '2', '3']);
    await robots.say('identity', 'ID-3', { firmwareVersion: '4' });
    await robots.settled();
    expect((await storedOf('ID-3')).slice(0, 3)).toEqual(before);
  });

  it('ROB-057 tells the summary, the payload and when it came', async () => {
    const [event] = robots.eventsOf('ID-1', 'identity.updated');
    expect(event?.body).toEqual({
      robotId: 'ID-1',
      receivedAt: expect.any(String),
      identity: { model: 'M1', vendor: 'V', firmwareVersion: '1.0', serialNumber: 'S1' },
      payload: expect.objectContaining({ battery: { cells: 4 } }),
    });
  });

  it('stores a message that the robot repeats under the same id once, and tells it once', async () => {
    const { envelope } = await robots.say('identity', 'ID-4', { model: 'once' });
    await robots.say('identity', 'ID-4', { model: 'once' }, { messageId: envelope['messageId'] });
    await robots.settled();
    expect(await storedOf('ID-4')).toHaveLength(1);
    expect(robots.eventsOf('ID-4', 'identity.updated')).toHaveLength(1);
  });

  it('ROB-022 ROB-036 ROB-058 hashes a capability by content and keeps the firmware of its time', async () => {
    await robots.say('identity', 'CA-1', { firmwareVersion: '7' });
    await waitFor(() => robots.eventsOf('CA-1', 'identity.updated').length === 1);
    const { envelope } = await robots.say('capability', 'CA-1', { commands: ['dock'], maxSpeedMps: 2 });
    await robots.say('capability', 'CA-1', { maxSpeedMps: 2, commands: ['dock'] });
    await waitFor(() => robots.eventsOf('CA-1', 'capability.updated').length === 2);
    const rows = await robots.query(
      `SELECT "payloadJson", "firmwareVersion", "contentHash" FROM "robots"."robot_capability_snapshots"
       WHERE "robotId" = 'CA-1' ORDER BY "streamSequence"`,
    );
    expect(rows[0]).toMatchObject({ payloadJson: envelope, firmwareVersion: '7' });
    expect(rows[0]!['contentHash']).toBe(rows[1]!['contentHash']);
    const { body } = robots.eventsOf('CA-1', 'capability.updated')[0]!;
    expect(body).toMatchObject({ robotId: 'CA-1', firmwareVersion: '7', payload: { commands: ['dock'] } });
    const robot = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'CA-1' });
    expect(robot.capability).toEqual({ commands: ['dock'], maxSpeedMps: 2 });
  });

  it('lists history newest first, page by page', async () => {
    for (let version = 1; version <= 5; version++) {
      await robots.say('identity', 'HI-1', { firmwareVersion: String(version) });
    }
    await robots.settled();
    const ask = { robotId: 'HI-1', kind: 'identity' as const, limit: 2 };
    const first = await robots.ask(ROBOTS_REQUESTS.history, ask);
    const second = await robots.ask(ROBOTS_REQUESTS.history, { ...ask, after: first.next! });
    const third = await robots.ask(ROBOTS_REQUESTS.history, { ...ask, after: second.next! });
    const versions = [first, second, third].map(({ items }) => items.map((item) => item.firmwareVersion));
    expect(versions).toEqual([['5', '4'], ['3', '2'], ['1']]);
    expect(third.next).toBeNull();
    expect(first.items[0]).toEqual({
      robotId: 'HI-1',
      receivedAt: expect.any(String),
      payload: { firmwareVersion: '5' },
      snapshotId: expect.any(String),
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      firmwareVersion: '5',
    });
    const unreadable = robots.ask(ROBOTS_REQUESTS.history, { ...ask, after: 'nonsense' });
    await expect(unreadable).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    const unknown = robots.ask(ROBOTS_REQUESTS.history, { ...ask, robotId: 'NOBODY' });
    await expect(unknown).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
  });

  it('answers which is missing: the robot, its identity, or its capability', async () => {
    await robots.say('telemetry', 'BARE-1', {});
    await waitFor(() => robots.eventsOf('BARE-1', 'registered').length === 1);
    const codes = await Promise.all(
      [
        robots.ask(ROBOTS_REQUESTS.identity, { robotId: 'BARE-1' }),
        robots.ask(ROBOTS_REQUESTS.capability, { robotId: 'BARE-1' }),
        robots.ask(ROBOTS_REQUESTS.identity, { robotId: 'NOBODY' }),
        robots.ask(ROBOTS_REQUESTS.capability, { robotId: 'NOBODY' }),
      ].map((answer) => answer.catch((error: { code: string }) => error.code)),
    );
    expect(codes).toEqual(['IDENTITY_NOT_FOUND', 'CAPABILITY_NOT_FOUND', 'ROBOT_NOT_FOUND', 'ROBOT_NOT_FOUND']);
  });

  it.each([
    ['a NUL character', 'identity', { model: 'a\u0000b' }, 'NOT_STORABLE'],
    ['more than 256 KiB', 'capability', { blob: 'x'.repeat(300_000) }, 'PAYLOAD_INVALID'],
    ['a NUL character', 'status', { state: '\u0000' }, 'NOT_STORABLE'],
    ['a NUL character', 'settingsReported', { name: '\u0000' }, 'NOT_STORABLE'],
  ] as const)('sends %s in %s to the dead letters and goes on', async (_what, name, payload, reason) => {
    const consumer = CONSUMERS[`${name}Ingest`];
    const letters = robots.admin.subscribe(deadLetterSubject(consumer.stream, consumer.durable), { max: 1 });
    await robots.say(name, 'BAD-1', { fine: true });
    await robots.say(name, 'BAD-1', payload);
    await robots.say(name, 'GOOD-1', { fine: true });
    for await (const letter of letters) expect(letter.headers?.get('Muster-Reason')).toBe(reason);
    await robots.settled();
    expect(await robots.query(`SELECT 1 FROM "robots"."robots" WHERE "robotId" = 'GOOD-1'`)).toHaveLength(1);
  });

  it('ROB-020 answers a warm identity without SQL, and hears of changes that another replica stores', async () => {
    await robots.say('identity', 'HOT-1', { model: 'old' });
    await waitFor(() => robots.eventsOf('HOT-1', 'identity.updated').length === 1);
    const spy = jest.spyOn(robots.replica.app.get(DataSource), 'query');
    const identityReads = (): number =>
      spy.mock.calls.filter(([sql]) => sql.includes('robot_identity_snapshots')).length;
    await waitFor(async () => {
      const before = identityReads();
      await identityOf('HOT-1');
      return identityReads() === before;
    });
    const before = identityReads();
    for (let i = 0; i < 5; i++) expect((await identityOf('HOT-1'))['payload']).toEqual({ model: 'old' });
    expect(identityReads()).toBe(before);

    const payload = { model: 'new' };
    const position = { epochMs: Date.now(), sequence: 1 };
    const [messageId, receivedAt] = [crypto.randomUUID(), new Date().toISOString()];
    const text = JSON.stringify({ payload });
    const report = { robotId: 'HOT-1', payload, position, messageId, receivedAt, text, contentHash: '' };
    await robots.dataSource.transaction((tx) => storeIdentity(tx, report));
    await waitFor(async () => (await identityOf('HOT-1'))['payload'].model === 'new');
    spy.mockRestore();
  });
});
