import { robotGroup } from '#libs/contracts';
import { groupNamed, LiveStage, record, Recorder } from '../../../../test/support/live.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: LiveStage;

beforeAll(async () => {
  stage = await LiveStage.open();
});

afterAll(() => stage.close());

let robots = 0;
const newRobot = (): string => `LV-${++robots}`;

it('ROB-056 a robot group carries that robot’s events, status and telemetry, and nobody else’s', async () => {
  const { engine } = await stage.gateway();
  const [one, other] = [newRobot(), newRobot()];
  const { recorder, subscription } = await record(engine, robotGroup(one));
  await stage.telemetry(other, { battery: 1 });
  await stage.telemetry(one, { battery: 80 });
  await stage.status(one, { state: 'IDLE' });
  await stage.event(one, 'meta.updated', { displayName: 'Dock bot' });
  await waitFor(() => recorder.frames.length >= 3);
  expect(recorder.frames.map(({ event, body }) => ({ event, ...body }))).toEqual([
    {
      event: 'robot.telemetry.updated',
      robotId: one,
      receivedAt: expect.any(String),
      payload: { battery: 80 },
      eventId: expect.any(String),
    },
    {
      event: 'robot.status.updated',
      robotId: one,
      receivedAt: expect.any(String),
      payload: { state: 'IDLE' },
      eventId: expect.any(String),
    },
    { event: 'robot.meta.updated', robotId: one, displayName: 'Dock bot', eventId: expect.any(String) },
  ]);
  subscription.close();
});

it('ROB-055 the fleet group carries every robot', async () => {
  const { engine } = await stage.gateway();
  const [one, other] = [newRobot(), newRobot()];
  const { recorder, subscription } = await record(engine, 'fleet');
  await stage.status(one);
  await stage.status(other);
  await waitFor(() => recorder.frames.length === 2);
  expect(recorder.frames.map(({ body }) => body['robotId'])).toEqual([one, other]);
  subscription.close();
});

it('skips a message that is not fit for a client and goes on behind it', async () => {
  const { engine } = await stage.gateway();
  const robotId = newRobot();
  const { recorder, subscription } = await record(engine, robotGroup(robotId));
  await stage.raw(`robots.telemetry.${robotId}`, '{broken');
  await stage.raw(`robots.status.${robotId}`, JSON.stringify({ robotId: 'RB-OTHER', type: 'status' }));
  await stage.raw(`events.robots.${robotId}.meta.updated`, JSON.stringify({ robotId: 'RB-OTHER' }));
  await stage.raw(`events.robots.${robotId}.unheard.of`, JSON.stringify({ robotId }));
  await stage.telemetry(robotId, { ok: true });
  await waitFor(() => recorder.frames.length > 0);
  expect(recorder.frames).toHaveLength(1);
  const { recorder: again, subscription: second } = await record(engine, robotGroup(robotId), {
    lastEventId: recorder.lastEventId,
  });
  expect(again.frames).toEqual([]);
  subscription.close();
  second.close();
});

it('ROB-023 replays exactly the gap in order, on another gateway', async () => {
  const [{ engine: one }, { engine: other }] = [await stage.gateway(), await stage.gateway()];
  const robotId = newRobot();
  const { recorder, subscription } = await record(one, robotGroup(robotId));
  await stage.telemetry(robotId, { n: 0 });
  await waitFor(() => recorder.frames.length === 1);
  subscription.close();
  for (let n = 1; n <= 5; n++) await stage.telemetry(robotId, { n });
  await stage.event(robotId, 'presence.updated', { presence: 'online' });
  const { subscription: resumed } = await record(other, robotGroup(robotId), {
    lastEventId: recorder.lastEventId,
    into: recorder,
  });
  await stage.telemetry(robotId, { n: 6 });
  await waitFor(() => recorder.frames.length === 8);
  expect(recorder.frames.map(({ body }) => body['payload'] ?? body['presence'])).toEqual([
    ...[0, 1, 2, 3, 4, 5].map((n) => ({ n })),
    'online',
    { n: 6 },
  ]);
  resumed.close();
});

it('delivers each message exactly once to everyone who joins, leaves and resumes under load, on two gateways', async () => {
  const gateways = [await stage.gateway(), await stage.gateway()];
  const fleet = [newRobot(), newRobot(), newRobot(), newRobot()];
  const truth: number[][] = [[], [], []];
  const start = await gateways[0]!.engine.cursorOf(groupNamed('fleet'));
  let isPublishing = true;
  const publisher = (async () => {
    for (let n = 0; n < 2_000; n++) {
      const robotId = fleet[n % fleet.length]!;
      if (n % 10 === 0) truth[0]!.push(await stage.event(robotId, 'command.ack', { n }));
      else if (n % 3 === 0) truth[1]!.push(await stage.status(robotId, { n }));
      else truth[2]!.push(await stage.telemetry(robotId, { n }));
    }
    isPublishing = false;
  })();
  const member = async (index: number): Promise<Recorder> => {
    const recorder = new Recorder();
    let last = start;
    for (let turn = index; isPublishing || turn === index; turn++) {
      const { engine } = gateways[turn % 2]!;
      const { subscription } = await record(engine, 'fleet', { lastEventId: last, into: recorder });
      const had = recorder.frames.length;
      await waitFor(() => !isPublishing || recorder.frames.length > had + 37 + index * 11);
      subscription.close();
      last = recorder.lastEventId ?? start;
    }
    const { subscription } = await record(gateways[index % 2]!.engine, 'fleet', { lastEventId: last, into: recorder });
    subscription.close();
    return recorder;
  };
  const recorders = await Promise.all([0, 1, 2, 3, 4, 5].map(member));
  await publisher;
  for (const recorder of recorders) {
    expect(recorder.notices).toEqual([]);
    expect([0, 1, 2].map((source) => recorder.sequences(source))).toEqual(truth);
  }
});

it('collapses status and telemetry to the newest per robot when asked for the latest', async () => {
  const { engine } = await stage.gateway();
  const robotId = newRobot();
  const lastEventId = await engine.cursorOf(groupNamed(robotGroup(robotId)));
  for (let n = 1; n <= 4; n++) await stage.telemetry(robotId, { n });
  await stage.status(robotId, { state: 'BUSY' });
  await stage.status(robotId, { state: 'IDLE' });
  await stage.event(robotId, 'presence.updated', { presence: 'stale' });
  await stage.event(robotId, 'presence.updated', { presence: 'online' });
  const { recorder, subscription } = await record(engine, robotGroup(robotId), { lastEventId, replay: 'latest' });
  expect(recorder.frames.map(({ body }) => body['payload'] ?? body['presence'])).toEqual([
    { n: 4 },
    { state: 'IDLE' },
    'stale',
    'online',
  ]);
  subscription.close();
});

it('asks for a resync when the cursor cannot be read, and goes on live from there', async () => {
  const { engine } = await stage.gateway();
  const robotId = newRobot();
  const { recorder, subscription } = await record(engine, robotGroup(robotId), { lastEventId: 'not-a-cursor' });
  expect(recorder.notices).toEqual([
    { group: robotGroup(robotId), reason: 'cursor_unreadable', eventId: expect.any(String), snapshot: { snapshot: 1 } },
  ]);
  await stage.telemetry(robotId);
  await waitFor(() => recorder.frames.length === 1);
  subscription.close();
});

it('asks for a resync when the gap is over the limit', async () => {
  const { engine } = await stage.gateway({ LIVE_REPLAY_LIMIT: '5' });
  const robotId = newRobot();
  const lastEventId = await engine.cursorOf(groupNamed(robotGroup(robotId)));
  for (let n = 0; n < 6; n++) await stage.telemetry(robotId, { n });
  const { recorder, subscription } = await record(engine, robotGroup(robotId), { lastEventId });
  expect(recorder.notices.map(({ reason }) => reason)).toEqual(['gap_too_large']);
  expect(recorder.frames).toEqual([]);
  subscription.close();
});

it('asks for a resync when the stream has dropped a part of the gap', async () => {
  const { engine } = await stage.gateway();
  const robotId = newRobot();
  const lastEventId = await engine.cursorOf(groupNamed(robotGroup(robotId)));
  await stage.telemetry(robotId);
  await stage.telemetry(robotId);
  await stage.purge('ROBOT_TELEMETRY');
  const { recorder, subscription } = await record(engine, robotGroup(robotId), { lastEventId });
  expect(recorder.notices.map(({ reason }) => reason)).toEqual(['cursor_too_old']);
  subscription.close();
});

it('asks for a resync with a cursor from the future of a stream', async () => {
  const [{ engine }, { engine: other }] = [await stage.gateway(), await stage.gateway()];
  const robotId = newRobot();
  const { subscription } = await record(engine, robotGroup(robotId));
  await stage.telemetry(newRobot());
  const ahead = await other.cursorOf(groupNamed(robotGroup(robotId)));
  const { recorder, subscription: resumed } = await record(engine, robotGroup(robotId), { lastEventId: ahead });
  expect(recorder.notices).toEqual([]);
  subscription.close();
  resumed.close();
});

it('holds nothing after thousands of joins and leaves', async () => {
  const { engine, broker } = await stage.gateway();
  await engine.cursorOf(groupNamed(robotGroup('LV-WARM')));
  const before = stage.interestOf(broker);
  for (let round = 0; round < 20; round++) {
    const joined = await Promise.all(
      [...Array(100).keys()].map((i) => record(engine, i % 10 === 0 ? 'fleet' : robotGroup(`LV-L${i}`))),
    );
    for (const { subscription } of joined) subscription.close();
  }
  expect(engine.groupCount).toBe(0);
  expect(stage.interestOf(broker)).toBe(before);
});

it('leaves at once when the client goes away in the middle of a replay', async () => {
  const { engine } = await stage.gateway();
  const robotId = newRobot();
  const lastEventId = await engine.cursorOf(groupNamed(robotGroup(robotId)));
  for (let n = 0; n < 100; n++) await stage.telemetry(robotId, { n });
  const abort = new AbortController();
  const recorder = new Recorder();
  const stuck = Object.assign(recorder, { ready: () => (abort.abort(), Promise.resolve()) });
  const joining = record(engine, robotGroup(robotId), { lastEventId, into: stuck, signal: abort.signal });
  await expect(joining).rejects.toMatchObject({ code: 'REQUEST_IN_FLIGHT' });
  expect(recorder.frames.length).toBeLessThan(100);
  expect(engine.groupCount).toBe(0);
});
