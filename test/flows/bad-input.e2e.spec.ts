import { type NatsConnection } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { connectAdmin } from '../support/admin-connection.js';
import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { HubClient } from '../support/hub-client.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const DEEP = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
const BAD_IDS = ['a.b', '*', '>', 'RB 1', "RB'--", 'RB"1', 'робот', 'ack', 'x'.repeat(65), '..', '%00'];

/** Whatever comes in: a documented error or a dead letter with its reason, and the service goes on. */
describe('bad input', () => {
  let platform: TestPlatform;
  let admin: Api;
  let robot: BareRobot;
  let nc: NatsConnection;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    robot = await BareRobot.enrol(admin, 'RB-BAD');
    nc = await connectAdmin(platform);
    await robot.send('status', { ok: 0 });
    await waitFor(async () => (await admin.get('/api/v1/robots/RB-BAD')).status === 200);
  }, 120_000);

  afterAll(async () => {
    await robot.close();
    await nc.close();
    await platform.stop();
  });

  afterEach(async () => {
    const mark = crypto.randomUUID();
    await robot.send('status', { mark });
    await waitFor(async () => (await admin.get('/api/v1/robots/RB-BAD/status')).body.payload?.mark === mark);
    expect((await admin.get('/health')).status).toBe(200);
  });

  describe('over NATS', () => {
    const good = (): Record<string, unknown> => ({ ...robot.envelope('status', { fine: true }) });

    it.each<[string, () => string | Uint8Array, string]>([
      ['broken JSON', () => '{"payloadVersion":1,', 'MALFORMED_JSON'],
      ['NaN', () => JSON.stringify(good()).replace('true', 'NaN'), 'MALFORMED_JSON'],
      ['bytes that are no text', () => new Uint8Array([0xff, 0x00, 0xfe]), 'MALFORMED_JSON'],
      ['nothing', () => '', 'MALFORMED_JSON'],
      ['deep nesting', () => DEEP, 'TOO_DEEP'],
      ['a wrong version', () => JSON.stringify({ ...good(), payloadVersion: 2 }), 'VERSION_UNSUPPORTED'],
      ['no robotId', () => JSON.stringify({ ...good(), robotId: undefined }), 'ENVELOPE_INVALID'],
      ['no type', () => JSON.stringify({ ...good(), type: undefined }), 'ENVELOPE_INVALID'],
      ['a payload of the wrong type', () => JSON.stringify({ ...good(), payload: [1] }), 'ENVELOPE_INVALID'],
      ['a body that names another robot', () => JSON.stringify({ ...good(), robotId: 'RB-OTHER' }), 'ROBOT_MISMATCH'],
      ['a type of another subject', () => JSON.stringify({ ...good(), type: 'identity' }), 'TYPE_MISMATCH'],
      ['a number no double holds', () => JSON.stringify(good()).replace('true', '1e131000'), 'NOT_STORABLE'],
      [
        'numbers that print longer than they came',
        () => JSON.stringify(good()).replace('true', `[${Array(2_000).fill('1e300').join(',')}]`),
        'PAYLOAD_INVALID',
      ],
      ['a NUL in a string', () => JSON.stringify({ ...good(), payload: { text: 'a\u0000b' } }), 'NOT_STORABLE'],
    ])('ROB-070 ROB-071 buries %s with its reason', async (_what, body, reason) => {
      const before = await newestDeadLetter();
      await robot.sendRaw('robots.status.RB-BAD', body());
      const letter = await waitFor(async () => {
        const newest = await newestDeadLetter();
        return newest && newest.id !== before?.id && newest;
      });
      expect(letter).toMatchObject({
        stream: 'ROBOT_STATUS',
        consumer: 'robots_status_ingest',
        subject: 'robots.status.RB-BAD',
        reason,
      });
    });

    it('ROB-031 buries messages of ids that are no robot’s', async () => {
      const before = await newestDeadLetter();
      await jetstream(nc).publish('robots.status.ack', '{}');
      const letter = await waitFor(async () => {
        const newest = await newestDeadLetter();
        return newest && newest.id !== before?.id && newest;
      });
      expect(letter.reason).toBe('ROBOT_ID_INVALID');
    });

    it('stores telemetry beside a poisonous sample of the same batch', async () => {
      const envelopes = Array.from({ length: 20 }, (_, n) =>
        robot.envelope('telemetry', n === 7 ? { n, text: '\u0000' } : { n }),
      );
      await Promise.all(
        envelopes.map((envelope) => robot.sendRaw('robots.telemetry.RB-BAD', JSON.stringify(envelope))),
      );
      const samples = await waitFor(async () => {
        const { body } = await admin.get('/api/v1/robots/RB-BAD/telemetry/samples?limit=100');
        return body.length === 19 && body;
      });
      expect(samples.some(({ payload }: any) => payload.n === 7)).toBe(false);
    });

    it('the largest sample that the broker takes can be read and exported, and a larger one is refused there', async () => {
      const sized = (bytes: number): string => {
        const text = JSON.stringify(robot.envelope('telemetry', { large: '' }));
        return text.replace('"large":""', `"large":"${'x'.repeat(bytes - text.length)}"`);
      };
      await expect(robot.sendRaw('robots.telemetry.RB-BAD', sized(1_040_000))).rejects.toThrow('message size exceeds');
      await robot.sendRaw('robots.telemetry.RB-BAD', sized(1_032_000));
      await waitFor(async () => (await admin.get('/api/v1/robots/RB-BAD/telemetry')).body.payload?.large?.length > 1e6);
      for (const path of ['samples?limit=1', 'export']) {
        const { status, body } = await admin.get(`/api/v1/robots/RB-BAD/telemetry/${path}`);
        expect([path, status, JSON.stringify(body).length > 1_000_000]).toEqual([path, 200, true]);
      }
    });

    it('re-drives a dead letter to the consumer that refused it, and drops one', async () => {
      const letter = await waitFor(newestDeadLetter);
      expect((await admin.get(`/api/v1/dead-letters/${letter.id}`)).body).toMatchObject({
        id: letter.id,
        reason: letter.reason,
      });
      expect((await admin.post(`/api/v1/dead-letters/${letter.id}/redrive`)).status).toBeLessThan(300);
      const back = await waitFor(async () => {
        const newest = await newestDeadLetter();
        return Number(newest.id) > Number(letter.id) && newest;
      });
      expect(back).toMatchObject({ subject: letter.subject, reason: letter.reason });
      expect((await admin.delete(`/api/v1/dead-letters/${back.id}`)).status).toBeLessThan(300);
      expect((await admin.get(`/api/v1/dead-letters/${back.id}`)).status).toBe(404);
    });

    it('is not harmed by a message over the broker’s limit', async () => {
      const big = await BareRobot.connect('RB-BAD', robot.credentials);
      await expect(big.sendRaw('robots.status.RB-BAD', 'x'.repeat(2 * 1024 * 1024))).rejects.toBeInstanceOf(Error);
      await big.close();
    });

    async function newestDeadLetter(): Promise<any> {
      return (await admin.get('/api/v1/dead-letters?limit=1')).body[0];
    }
  });

  describe('over REST', () => {
    const refusal = (answer: { body: any }): unknown => answer.body.error;

    it.each(BAD_IDS)('ROB-031 refuses the robot id %j', async (id) => {
      const answer = await admin.get(`/api/v1/robots/${encodeURIComponent(id)}`);
      expect([400, 404]).toContain(answer.status);
      expect(refusal(answer)).toMatchObject({
        code: expect.stringMatching(/ROBOT_ID_INVALID|ROUTE_NOT_FOUND|VALIDATION_FAILED/),
      });
    });

    it.each<[string, number, string, () => Parameters<Api['post']>]>([
      [
        'broken JSON',
        400,
        'MALFORMED_JSON',
        () => ['/api/v1/robots/RB-BAD/commands', undefined, json('{"commandType":')],
      ],
      ['an array', 400, 'VALIDATION_FAILED', () => ['/api/v1/robots/RB-BAD/commands', []]],
      ['no commandType', 400, 'VALIDATION_FAILED', () => ['/api/v1/robots/RB-BAD/commands', { payload: {} }]],
      [
        'a commandType of the wrong type',
        400,
        'VALIDATION_FAILED',
        () => ['/api/v1/robots/RB-BAD/commands', { commandType: 5, payload: {} }],
      ],
      [
        'a negative timeout',
        400,
        'VALIDATION_FAILED',
        () => ['/api/v1/robots/RB-BAD/commands', { commandType: 'a', payload: {}, timeoutMs: -1 }],
      ],
      [
        'a timeout that is no number',
        400,
        'VALIDATION_FAILED',
        () => ['/api/v1/robots/RB-BAD/commands', { commandType: 'a', payload: {}, timeoutMs: 'soon' }],
      ],
      [
        '2 MB',
        413,
        'PAYLOAD_TOO_LARGE',
        () => ['/api/v1/robots/RB-BAD/commands', { commandType: 'a', payload: { x: 'x'.repeat(2 * 1024 * 1024) } }],
      ],
      [
        'a body that is no JSON',
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        () => [
          '/api/v1/robots/RB-BAD/commands',
          undefined,
          { rawBody: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        ],
      ],
      [
        'a robot nobody knows',
        404,
        'ROBOT_NOT_FOUND',
        () => ['/api/v1/robots/RB-NOBODY/commands', { commandType: 'a', payload: {} }],
      ],
      ['a route nobody made', 404, 'ROUTE_NOT_FOUND', () => ['/api/v1/nothing', {}]],
    ])('answers %s with %i %s and a request id', async (_what, status, code, call) => {
      const answer = await admin.post(...call());
      expect({ status: answer.status, code: answer.body.error?.code }).toEqual({ status, code });
      expect(answer.body.error).toMatchObject({ message: expect.any(String), details: expect.any(Object) });
      expect(Date.parse(answer.body.error.timestamp)).not.toBeNaN();
      expect(answer.body.error.request_id).toBe(answer.headers.get('x-request-id'));
    });

    it('survives JSON that nests too deep or holds what Postgres cannot', async () => {
      const deep = await admin.post(
        '/api/v1/robots/RB-BAD/commands',
        undefined,
        json(`{"commandType":"a","payload":${DEEP}}`),
      );
      expect(deep.status).toBe(400);
      const nul = await admin.post('/api/v1/robots/RB-BAD/commands', {
        commandType: 'a',
        payload: { text: 'a\u0000b' },
      });
      expect(nul.status).toBe(400);
      const notes = await admin.put('/api/v1/robots/RB-BAD', { notes: 'a\u0000b' });
      expect(notes.status).toBe(400);
    });

    it('ROB-042 refuses an update of the wrong type and names the field', async () => {
      const { status, body } = await admin.put('/api/v1/robots/RB-BAD', { isEnabled: 'x' });
      expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
      expect(JSON.stringify(body.error.details)).toContain('isEnabled');
    });

    it('ROB-025 ignores fields that belong to the robot', async () => {
      const { status, body } = await admin.put('/api/v1/robots/RB-BAD', {
        notes: 'n',
        firmwareVersion: '6.6.6',
        reportedSettings: { a: 1 },
        __proto__: { isEnabled: false },
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({ notes: 'n', identity: null, reportedSettings: null, isEnabled: true });
    });

    it('takes quotes, SQL and unicode in text as text', async () => {
      const displayName = `Robert'); DROP TABLE robots.robots;-- ☃ "x"`;
      expect((await admin.put('/api/v1/robots/RB-BAD', { displayName, tags: ["'", '☃'] })).body).toMatchObject({
        displayName,
        tags: ["'", '☃'],
      });
      expect((await admin.get(`/api/v1/robots?q=${encodeURIComponent("'); DROP")}`)).body).toHaveLength(1);
      expect((await admin.get(`/api/v1/robots?tag=${encodeURIComponent("'")}`)).body).toHaveLength(1);
      expect((await admin.get(`/api/v1/robots?q=${encodeURIComponent('%_%')}`)).body).toHaveLength(0);
    });

    it.each(['limit=0', 'limit=-1', 'limit=x', 'limit=100000', 'after=%00', 'presence=asleep'])(
      'refuses the query %s',
      async (query) => {
        expect((await admin.get(`/api/v1/robots?${query}`)).status).toBe(400);
      },
    );

    const json = (rawBody: string): object => ({ rawBody, headers: { 'content-type': 'application/json' } });
  });

  describe('over Socket.IO', () => {
    it.each<[string, string, unknown]>([
      ['a group that does not exist', 'join', { group: 'everything' }],
      ['a wildcard', 'join', { group: 'robot:*' }],
      ['no body', 'join', undefined],
      ['text', 'join', 'fleet'],
      ['an array', 'join', ['fleet']],
      ['a group that is an object', 'join', { group: { $ne: 1 } }],
      ['a maxHz that is no number', 'join', { group: 'fleet', maxHz: 'fast' }],
      ['a negative maxHz', 'join', { group: 'fleet', maxHz: -1 }],
      ['an event id that is an object', 'join', { group: 'fleet', lastEventId: {} }],
      ['a replay mode nobody made', 'join', { group: 'fleet', replay: 'everything' }],
      ['an update without a robot', 'robot.update', { displayName: 'x' }],
      ['an update of the wrong type', 'robot.update', { robotId: 'RB-BAD', isEnabled: 'x' }],
      ['leaving what was not joined', 'leave', { group: 'robot:' }],
    ])('refuses %s and keeps the socket', async (_what, message, body) => {
      const client = await HubClient.open(platform.url, admin.token);
      const answer = await client.say<any>(message, body);
      expect(answer).toMatchObject({ ok: false, error: { code: expect.any(String), message: expect.any(String) } });
      expect(await client.join('robot:RB-BAD')).toMatchObject({ ok: true });
      client.close();
    });

    it('survives messages without an acknowledgement, unknown names and floods', async () => {
      const client = await HubClient.open(platform.url, admin.token);
      client.socket.emit('join');
      client.socket.emit('no such message', { a: 1 });
      client.socket.emit('join', { group: 'fleet' }, 'not a function');
      for (let i = 0; i < 2_000; i++) client.socket.emit('join', { group: `robot:${i}` });
      await waitFor(async () => (await admin.get('/health')).status === 200);
      client.close();
    });
  });
});
