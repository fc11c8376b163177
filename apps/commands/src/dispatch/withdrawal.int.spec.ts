import { COMMANDS_REQUESTS } from '#libs/contracts';
import { CommandsUnderTest } from '../../../../test/support/commands-service.js';
import { waitFor } from '../../../../test/support/wait.js';

let service: CommandsUnderTest;
let robots = 0;

beforeAll(async () => {
  service = await CommandsUnderTest.start({ COMMAND_SWEEP_INTERVAL_MS: '50' });
  await service.enrol('ELSEWHERE');
});
afterAll(() => service.stop());

const LONG = { timeoutMs: 60_000 };

/** A robot that is away. */
async function absent(): Promise<string> {
  const robotId = `AWAY-${String(++robots)}`;
  await service.enrol(robotId);
  return robotId;
}

/** Sends commands one after the other, each in the stream before the next one. */
async function sendAll(robotId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const commandId = await service.send(robotId, LONG);
    await waitFor(async () => (await service.row(commandId))['publishedSequence'] !== null);
    ids.push(commandId);
  }
  return ids;
}

async function cancel(commandId: string | undefined): Promise<void> {
  const requester = { by: 'user:ada', userId: null };
  await service.ask(COMMANDS_REQUESTS.cancel, { commandId: commandId ?? '', requester });
}

/** Everything that a robot finds when it comes back, after others had commands too. */
async function collected(robotId: string): Promise<string[]> {
  await sendAll('ELSEWHERE', 1);
  const found: string[] = [];
  for (;;) {
    const command = await service.collect(robotId, 1_000);
    if (!command) return found;
    found.push(command['correlationId']);
  }
}

describe('what is left for a robot that was away (decision A13)', () => {
  /** Orders in which commands are withdrawn; nats-server 2.9 lost sight of the rest in each of them but the first. */
  it.each([
    { sent: 3, withdrawn: [0, 2] },
    { sent: 3, withdrawn: [2, 0] },
    { sent: 3, withdrawn: [2, 1] },
    { sent: 4, withdrawn: [3, 0, 1] },
    { sent: 5, withdrawn: [4, 3, 0] },
  ])('of $sent commands it finds all but the withdrawn $withdrawn', async ({ sent, withdrawn }) => {
    const robotId = await absent();
    const ids = await sendAll(robotId, sent);
    for (const index of withdrawn) await cancel(ids[index]);
    const valid = ids.filter((_, index) => !withdrawn.includes(index));
    expect(await collected(robotId)).toEqual(valid);
  });

  it('a command between two that expired is found', async () => {
    const robotId = await absent();
    const short = await service.send(robotId, { timeoutMs: 1_500 });
    const [valid] = await sendAll(robotId, 1);
    const shorter = await service.send(robotId, { timeoutMs: 300 });
    for (const commandId of [shorter, short]) {
      await waitFor(async () => (await service.row(commandId))['status'] === 'TIMEOUT');
    }
    await waitFor(async () => (await service.row(short))['dueAt'] === null);
    expect(await collected(robotId)).toEqual([valid]);
  });
});
