import { COMMANDS_REQUESTS, ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';

describe('metadata forwarded to the robot', () => {
  let robots: RobotsUnderTest;
  const asked: Record<string, any>[] = [];

  beforeAll(async () => {
    robots = await RobotsUnderTest.start({ ROBOTS_FORWARD_METADATA: 'on' });
    robots.admin.subscribe(COMMANDS_REQUESTS.send.subject, {
      callback: (_error, message) => {
        const { id, data } = message.json<{ id: string; data: Record<string, any> }>();
        asked.push(data);
        message.respond(JSON.stringify({ id, response: { commandId: 'c', replayed: false }, isDisposed: true }));
      },
    });
    await robots.admin.flush();
  });

  afterAll(async () => {
    await robots.stop();
  });

  it('ROB-006 is asked of the command ledger as one command, in the name of who changed it', async () => {
    await robots.say('status', 'FW-1', {});
    await waitFor(() => robots.eventsOf('FW-1', 'registered').length === 1);
    const update = { displayName: 'Dock bot' };
    const answer = await robots.ask(ROBOTS_REQUESTS.update, { robotId: 'FW-1', update, by: 'user:1' });
    expect(answer.displayName).toBe('Dock bot');
    await waitFor(() => asked.length > 0);
    expect(asked).toEqual([
      {
        robotId: 'FW-1',
        request: { commandType: 'update_metadata', payload: update },
        requester: { by: 'user:1', userId: null },
        idempotencyKey: `metadata:FW-1:${answer.updatedAt}`,
      },
    ]);
  });
});
