import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { BEACONS_REQUESTS } from '#libs/contracts';
import type { Api } from '../../../../test/support/api.js';
import { BeaconDevice, sampleLogs } from '../../../../test/support/beacon-device.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: MallStage;
let admin: Api;
let operator: Api;
let orchestrator: MallOrchestrator;
let entityId: string;

beforeAll(async () => {
  stage = await MallStage.open({ ACCESS_LOG_REST_KEY: 'a secret of thirty-two characters', DATABASE_POOL_SIZE: '4' });
  [admin, operator] = await Promise.all([stage.as('admin'), stage.as('operator')]);
  orchestrator = await MallOrchestrator.ofNewMall(admin);
  entityId = orchestrator.entityId;
}, 120_000);

afterAll(() => stage.close());

const newBeacon = async (): Promise<BeaconDevice> => {
  const beacon = new BeaconDevice(entityId, orchestrator);
  expect((await beacon.register()).status).toBe(200);
  return beacon;
};
const search = (query: string) => operator.get(`/api/v1/entities/${entityId}/access-logs?${query}`);
const receipt = (batchId: string, stored: number, duplicates: number) => ({
  status: 200,
  body: { acknowledged: true, batch_id: batchId, stored, duplicates },
});
const manyLogs = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, n) => ({
    ...sampleLogs()[0]!,
    timestamp: new Date(Date.now() - 3_600_000 - n * 1_000).toISOString(),
    ...more,
  }));

describe('access logs', () => {
  it('ORC-063 ORC-064 stores the sample once: the batch again, and its logs in another batch, are duplicates', async () => {
    const beacon = await newBeacon();
    expect(await beacon.upload(beacon.batch('batch-001'))).toMatchObject(receipt('batch-001', 2, 0));
    expect(await beacon.upload(beacon.batch('batch-001'))).toMatchObject(receipt('batch-001', 0, 2));
    expect(await beacon.upload(beacon.batch('batch-002'))).toMatchObject(receipt('batch-002', 0, 2));
    const more = [...sampleLogs(), { ...sampleLogs()[0]!, user_id: 'user-789' }];
    expect(await beacon.upload(beacon.batch('batch-003', more))).toMatchObject(receipt('batch-003', 1, 2));
    const { body } = await search(`beacon_id=${beacon.beaconId}`);
    expect(body).toHaveLength(3);
    expect(body[0]).toEqual({
      log_id: expect.any(String),
      beacon_id: beacon.beaconId,
      timestamp: new Date(sampleLogs()[1]!.timestamp).toISOString(),
      user_id: 'user-456',
      device_id: 'mobile-def',
      result: 'failed',
      method: 'ecdsa_proof',
      error: 'signature_invalid',
      duration_ms: 50,
      batch_id: 'batch-001',
      received_at: expect.any(String),
    });
  });

  it('ORC-063 stores the documents’ logs, which are years old', async () => {
    const beacon = await newBeacon();
    const dates = ['2025-01-08T10:30:00Z', '2025-01-08T10:35:00Z'];
    const logs = sampleLogs().map((log, n) => ({ ...log, timestamp: dates[n]! }));
    expect(await beacon.upload(beacon.batch('batch-001', logs))).toMatchObject(receipt('batch-001', 2, 0));
    const { body } = await search(`beacon_id=${beacon.beaconId}&since=2025-01-08T10:31:00Z`);
    expect(body).toMatchObject([{ timestamp: '2025-01-08T10:35:00.000Z' }]);
  });

  it('ORC-063 the same through /logs/upload, and other beacons have batches of their own', async () => {
    const [first, second] = [await newBeacon(), await newBeacon()];
    expect(await first.upload(first.batch('b'), '/api/orchestrators/logs/upload')).toMatchObject(receipt('b', 2, 0));
    expect(await second.upload(second.batch('b'))).toMatchObject(receipt('b', 2, 0));
  });

  it('ORC-064 one batch at two replicas and many times at once is stored once', async () => {
    const second = await stage.add('beacons');
    const beacon = await newBeacon();
    const logs = manyLogs(100);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        beacon.upload(beacon.batch(`race-${n % 4}`, n % 2 === 0 ? logs : logs.toReversed())),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers.reduce((sum, { body }) => sum + body.stored, 0)).toBe(100);
    expect(answers.every(({ body }) => body.stored + body.duplicates === 100)).toBe(true);
    await stage.stop(second);
  });

  it('G11 over 100 logs are 413, a wrong total and wrong rows are 400 with their path, and nothing of them is stored', async () => {
    const beacon = await newBeacon();
    expect(await beacon.upload(beacon.batch('x', manyLogs(101)))).toMatchObject({
      status: 413,
      body: { error: { code: 'PAYLOAD_TOO_LARGE' } },
    });
    const old = { ...sampleLogs()[0]!, timestamp: '2001-01-01T00:00:00Z' };
    const ahead = { ...sampleLogs()[0]!, timestamp: '2099-01-01T00:00:00Z' };
    for (const [field, body] of [
      ['total_logs', { ...beacon.batch('x'), total_logs: 3 }],
      ['total_logs', { ...beacon.batch('x'), total_logs: undefined }],
      ['batch_id', { ...beacon.batch('x'), batch_id: '' }],
      ['beacon_id', { ...beacon.batch('x'), beacon_id: 5 }],
      ['logs', { ...beacon.batch('x'), logs: 'none' }],
      ['logs[1].user_id', beacon.batch('x', [sampleLogs()[0]!, { ...sampleLogs()[1]!, user_id: 'a\u0000b' }])],
      ['logs[0].result', beacon.batch('x', [{ ...sampleLogs()[0]!, result: 'maybe' }])],
      ['logs[0].timestamp', beacon.batch('x', [{ ...sampleLogs()[0]!, timestamp: 'long ago!!' }])],
      ['logs[0].timestamp', beacon.batch('x', [old])],
      ['logs[1].timestamp', beacon.batch('x', [sampleLogs()[0]!, ahead])],
      ['logs[0].duration_ms', beacon.batch('x', [{ ...sampleLogs()[0]!, duration_ms: -1 }])],
    ] as const) {
      const answer = await beacon.upload(body);
      expect([answer.status, answer.body.error?.details.fields[0].field]).toEqual([400, field]);
    }
    expect(await beacon.upload(beacon.batch('x', []))).toMatchObject(receipt('x', 0, 0));
  });
});

describe('encrypted access logs', () => {
  const seal = (publicKey: string, text: string, { code = 'base64' as 'base64' | 'hex' } = {}) => {
    const [key, iv] = [randomBytes(32), randomBytes(12)];
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const data = Buffer.concat([cipher.update(text), cipher.final()]);
    const padding = { key: createPublicKey(publicKey), oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING };
    return {
      encryptedData: data.toString(code),
      encryptedKey: publicEncrypt(padding, key).toString(code),
      iv: iv.toString(code),
      authTag: cipher.getAuthTag().toString(code),
    };
  };
  const publicKey = async (): Promise<string> =>
    (await operator.get('/.well-known/access-log-key.json')).body.public_key;

  it('ORC-092 an encrypted batch is stored as its plain form, and no user id rests in clear', async () => {
    const beacon = await newBeacon();
    const logs = manyLogs(2, { user_id: 'user-secret', device_id: 'phone-secret' });
    const key = await publicKey();
    for (const [code, stored] of [
      ['base64', 2],
      ['hex', 0],
    ] as const) {
      const encrypted = seal(key, JSON.stringify(beacon.batch(`sealed-${code}`, logs)), { code });
      expect(await beacon.upload({ encrypted })).toMatchObject(receipt(`sealed-${code}`, stored, 2 - stored));
    }
    expect(await beacon.upload(beacon.batch('plain', logs))).toMatchObject(receipt('plain', 0, 2));
    const { body } = await search('user_id=user-secret');
    expect(body).toHaveLength(2);
    expect(body[0]).toMatchObject({ user_id: 'user-secret', device_id: 'phone-secret' });
    const rows = await stage.query(`SELECT l::text AS "text" FROM "beacons"."access_logs" l`);
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.filter(({ text }) => /secret|user-|mobile-/.test(text))).toEqual([]);
  });

  it('ORC-092 garbage, other keys, deep JSON and another entity inside are refused', async () => {
    const beacon = await newBeacon();
    const key = await publicKey();
    const good = seal(key, JSON.stringify(beacon.batch('g')));
    const [first = 0, ...others] = Buffer.from(good.encryptedData, 'base64');
    const flipped = Buffer.from([first ^ 1, ...others]).toString('base64');
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const encrypted of [
      { ...good, encryptedData: flipped },
      { ...good, encryptedKey: randomBytes(384).toString('hex') },
      { ...good, authTag: '00' },
      { ...good, iv: '!!' },
      { ...good, iv: undefined },
      { ...good, algorithm: 'none' },
      seal(key, 'not json'),
      seal(key, deep),
      seal(key, JSON.stringify({ ...beacon.batch('g'), total_logs: 9 })),
      'text',
    ]) {
      expect(await beacon.upload({ encrypted })).toMatchObject({
        status: 400,
        body: { error: { code: 'VALIDATION_FAILED' } },
      });
    }
    const foreign = seal(key, JSON.stringify({ ...beacon.batch('g'), entity_id: 'mall-other' }));
    expect(await beacon.upload({ encrypted: foreign })).toMatchObject({
      status: 403,
      body: { error: { code: 'ENTITY_ACCESS_DENIED' } },
    });
    expect(await beacon.upload({ encrypted: good })).toMatchObject(receipt('g', 2, 0));
  });
});

describe('requests for access logs', () => {
  it('ORC-022 ORC-023 an event asks the orchestrator, and the upload that names it fulfils it', async () => {
    const beacon = await newBeacon();
    const path = `/api/v1/entities/${entityId}/access-log-requests`;
    const since = '2026-01-08T00:00:00Z';
    const { status, body } = await operator.post(path, { beacon_id: beacon.beaconId, since });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { status: 'open', batches: 0, since: '2026-01-08T00:00:00.000Z' },
    });
    expect(await eventOf(body.request_id)).toEqual({
      event: 'access_log_request',
      data: { beacon_id: beacon.beaconId, since: '2026-01-08T00:00:00.000Z', request_id: body.request_id },
    });
    const answer = { ...beacon.batch('asked'), request_id: body.request_id };
    for (const stored of [2, 0]) {
      expect(await beacon.upload(answer, '/api/orchestrators/logs/upload')).toMatchObject(
        receipt('asked', stored, 2 - stored),
      );
    }
    await beacon.upload({ ...beacon.batch('asked-2', manyLogs(3)), request_id: body.request_id });
    expect((await operator.get(`${path}/${body.request_id}`)).body).toMatchObject({
      status: 'fulfilled',
      batches: 2,
      stored: 5,
      duplicates: 0,
    });
  });

  it('ORC-023 an unknown request, or one of another beacon, is 404 and stores nothing', async () => {
    const [asked, other] = [await newBeacon(), await newBeacon()];
    const path = `/api/v1/entities/${entityId}/access-log-requests`;
    const { body } = await operator.post(path, { beacon_id: asked.beaconId, since: '2026-01-08T00:00:00Z' });
    for (const request_id of ['req-nothing', body.request_id]) {
      const answer = await other.upload({ ...other.batch('o'), request_id });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'ACCESS_LOG_REQUEST_NOT_FOUND' } } });
    }
    expect((await search(`beacon_id=${other.beaconId}`)).body).toEqual([]);
    expect((await operator.post(path, { beacon_id: 'beacon-nobody', since: '2026-01-08T00:00:00Z' })).status).toBe(404);
    expect((await operator.post(path, { beacon_id: asked.beaconId, since: 'soon' })).status).toBe(400);
    expect((await operator.get(`${path}/req-nothing`)).status).toBe(404);
  });

  it('ORC-022 the same idempotency key asks once', async () => {
    const beacon = await newBeacon();
    const request = {
      entity_id: entityId,
      beacon_id: beacon.beaconId,
      since: '2026-01-08T00:00:00Z',
      by: 'user:1',
      idempotency_key: 'k',
    };
    const [first, second] = [
      await stage.ask(BEACONS_REQUESTS.requestLogs, request),
      await stage.ask(BEACONS_REQUESTS.requestLogs, request),
    ];
    expect(second.request_id).toBe(first.request_id);
  });

  /** The stored event that names a request, looked for among the last ones. */
  async function eventOf(requestId: string): Promise<unknown> {
    const nc = await stage.broker.connect('admin');
    const { streams } = await jetstreamManager(nc);
    const message = await waitForMessage(
      () => streams.getMessage('ORCHESTRATOR_EVENTS', { last_by_subj: `orc.events.${entityId}` }),
      requestId,
    );
    await nc.close();
    return message;
  }
});

function waitForMessage(read: () => Promise<{ json(): any } | null>, requestId: string): Promise<unknown> {
  return waitFor(async () => {
    const body = (await read())?.json();
    return body?.data?.request_id === requestId ? body : undefined;
  });
}

describe('search and export of access logs', () => {
  it('pages newest first without gap or repeat, by every filter', async () => {
    const beacon = await newBeacon();
    await beacon.upload(beacon.batch('p', manyLogs(25, { user_id: 'pager' })));
    await beacon.upload(
      beacon.batch('q', manyLogs(5, { user_id: 'other', result: 'failed', device_id: 'd-2', method: 'pin' })),
    );
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = await search(`beacon_id=${beacon.beaconId}&limit=7${next && `&after=${next}`}`);
      seen.push(...page.body.map((log: any) => log.timestamp + log.log_id));
      next = page.headers.get('x-next-cursor');
    }
    expect(new Set(seen).size).toBe(30);
    const times = seen.map((each) => each.slice(0, 24));
    expect(times).toEqual(times.toSorted().reverse());
    const count = async (query: string): Promise<number> =>
      (await search(`beacon_id=${beacon.beaconId}&${query}`)).body.length;
    expect(await count('user_id=pager')).toBe(25);
    expect(await count('device_id=d-2')).toBe(5);
    expect(await count('result=failed')).toBe(5);
    expect(await count('method=pin')).toBe(5);
    expect(await count(`from=${times[2]!}`)).toBe(times.filter((time) => time >= times[2]!).length);
    expect(await count(`to=${times[2]!}`)).toBe(times.filter((time) => time < times[2]!).length);
    expect((await search('after=nonsense')).status).toBe(400);
    expect((await search('result=perhaps')).status).toBe(400);
    expect((await (await stage.as('viewer')).get(`/api/v1/entities/${entityId}/access-logs`)).status).toBe(403);
  });

  it('exports CSV that no spreadsheet runs, and NDJSON', async () => {
    const beacon = await newBeacon();
    await beacon.upload(beacon.batch('e', manyLogs(3, { user_id: '=HYPERLINK("x")' })));
    const path = `/api/v1/entities/${entityId}/access-logs/export?beacon_id=${beacon.beaconId}`;
    const csv = await operator.get<string>(path);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = csv.body.trim().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain(`"'=HYPERLINK(""x"")"`);
    const ndjson = await operator.get<string>(`${path}&format=ndjson`);
    expect(
      ndjson.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).user_id),
    ).toEqual(Array(3).fill('=HYPERLINK("x")'));
  });
});
