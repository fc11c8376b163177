import { robotGroup } from '#libs/contracts';
import { groupNamed, LiveStage, record } from '../../../../test/support/live.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: LiveStage;

beforeEach(async () => {
  stage = await LiveStage.open();
});

afterEach(() => stage.close());

/** Publishes again and again until the broker takes it; a repeat of a stored message would be a second one. */
async function publishPatiently(publish: () => Promise<number>): Promise<void> {
  await waitFor(async () => (await publish()) > 0);
}

it('ROB-076 goes on after the broker was killed and came back, and misses nothing that was stored meanwhile', async () => {
  const { engine, broker } = await stage.gateway();
  const { recorder, subscription } = await record(engine, robotGroup('HL-1'));
  const { recorder: fleet } = await record(engine, 'fleet');
  await stage.telemetry('HL-1', { n: 1 });
  await waitFor(() => recorder.frames.length === 1);
  await stage.server.kill();
  await waitFor(() => !broker.isConnected);
  expect(subscription.isLive).toBe(true);
  await stage.server.server.child.start();
  // Stored before this gateway is connected again, or after: nobody can tell, and it must not matter.
  await publishPatiently(() => stage.telemetry('HL-1', { n: 2 }));
  await publishPatiently(() => stage.event('HL-1', 'presence.updated', { presence: 'online' }));
  await waitFor(() => broker.isConnected);
  await stage.telemetry('HL-1', { n: 3 });
  await waitFor(() => recorder.frames.at(-1)?.body['payload'], 20_000);
  await waitFor(() => JSON.stringify(recorder.frames.at(-1)?.body).includes('"n":3'), 20_000);
  for (const { sequences, notices } of [recorder, fleet].map((one) => ({
    sequences: [0, 1, 2].map((source) => one.sequences(source)),
    notices: one.notices,
  }))) {
    expect(sequences).toEqual([[1], [], [1, 2, 3]]);
    expect(notices).toEqual([]);
  }
});

it('lets a client resume with a cursor from before the broker was killed', async () => {
  const { engine, broker } = await stage.gateway();
  const { recorder, subscription } = await record(engine, robotGroup('HL-2'));
  await stage.status('HL-2', { n: 1 });
  await waitFor(() => recorder.frames.length === 1);
  subscription.close();
  await stage.server.kill();
  await waitFor(() => !broker.isConnected);
  await expect(record(engine, robotGroup('HL-2'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await stage.server.server.child.start();
  await publishPatiently(() => stage.status('HL-2', { n: 2 }));
  await waitFor(() => broker.isConnected);
  const { recorder: again } = await record(engine, robotGroup('HL-2'), { lastEventId: recorder.lastEventId });
  expect(again.frames.map(({ body }) => body['payload'])).toEqual([{ n: 2 }]);
});

it('asks for a resync when a stream was made anew, of those who come back and of those who watch', async () => {
  const { engine } = await stage.gateway();
  const group = robotGroup('HL-3');
  await stage.telemetry('HL-3');
  const lastEventId = await engine.cursorOf(groupNamed(group));
  const { recorder: watching } = await record(engine, group);
  await stage.remake('ROBOT_TELEMETRY');
  const { engine: other } = await stage.gateway();
  const { recorder: returning } = await record(other, group, { lastEventId });
  expect(returning.notices.map(({ reason }) => reason)).toEqual(['cursor_foreign']);
  // The watching gateway cannot know at once: a repeat of low sequences tells it.
  await waitFor(async () => {
    await stage.telemetry('HL-3', { after: true });
    return watching.notices.length > 0;
  }, 15_000);
  expect(watching.notices.map(({ reason }) => reason)).toEqual(['cursor_foreign']);
  const before = watching.frames.length;
  await stage.telemetry('HL-3', { after: true });
  await waitFor(() => watching.frames.length > before);
});

it('does not call a quiet group’s cursor too old when its streams moved on', async () => {
  const { engine } = await stage.gateway({ LIVE_REFRESH_MS: '100' });
  engine.onModuleInit();
  const group = robotGroup('HL-4');
  const { subscription } = await record(engine, group);
  for (let n = 0; n < 20; n++) await stage.telemetry('HL-NOISE', { n });
  const ahead = await (await stage.gateway()).engine.cursorOf(groupNamed(group));
  await waitFor(() => subscription.eventId === ahead);
  await stage.purge('ROBOT_TELEMETRY');
  const { recorder } = await record(engine, group, { lastEventId: ahead });
  expect(recorder.notices).toEqual([]);
  engine.onModuleDestroy();
});
