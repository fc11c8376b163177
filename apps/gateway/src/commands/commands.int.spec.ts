import { COMMANDS_REQUESTS, MusterError } from '#libs/contracts';
import type { Api } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';

const COMMAND_ID = '0f8fad5b-d9cb-469f-a165-70867728950e';

let stage: GatewayStage;
let operator: Api;
let viewer: Api;

beforeAll(async () => {
  stage = await GatewayStage.open();
  [operator, viewer] = await Promise.all([stage.as('operator'), stage.as('viewer')]);
  const { answers } = stage.services;
  answers.set(COMMANDS_REQUESTS.send.subject, ({ idempotencyKey }) => ({
    commandId: COMMAND_ID,
    replayed: idempotencyKey === 'seen-before',
  }));
  answers.set(COMMANDS_REQUESTS.sendBatch.subject, () => ({ batchId: COMMAND_ID, items: [] }));
  answers.set(COMMANDS_REQUESTS.get.subject, ({ commandId }) => ({ commandId, timeline: [] }));
  answers.set(COMMANDS_REQUESTS.getBatch.subject, ({ batchId }) => ({ batchId, items: [] }));
  answers.set(COMMANDS_REQUESTS.listByRobot.subject, () => ({ commands: [{ commandId: COMMAND_ID }], next: 'n1' }));
}, 60_000);

afterAll(() => stage.close());

const PATH = '/api/v1/robots/RB-001/commands';
const last = (contract: { subject: string }): any => stage.services.asked(contract).at(-1);

it('ROB-051 accepts a command with 202, its id and where to read it', async () => {
  const request = {
    commandType: 'dock',
    payload: { station: 3 },
    timeoutMs: 1_000,
    expiresAt: '2027-01-01T00:00:00Z',
    responseTimeoutMs: 500,
    retryPolicy: { maxRetries: 2, retryDelayMs: 10 },
  };
  const { status, body, headers } = await operator.post(PATH, { ...request, unknown: 1 });
  expect({ status, body }).toEqual({ status: 202, body: { commandId: COMMAND_ID } });
  expect(headers.get('location')).toBe(`/api/v1/commands/${COMMAND_ID}`);
  expect(headers.get('x-idempotency-replayed')).toBeNull();
  const { requester, ...asked } = last(COMMANDS_REQUESTS.send);
  expect(asked).toEqual({ robotId: 'RB-001', request });
  expect(requester).toEqual({ by: `user:${requester.userId}`, userId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
});

it('takes a command without payload, and null for what is left out', async () => {
  expect((await operator.post(PATH, { commandType: 'beep', timeoutMs: null, retryPolicy: null })).status).toBe(202);
  expect(last(COMMANDS_REQUESTS.send).request).toEqual({ commandType: 'beep', payload: {} });
});

it('passes the idempotency key on and says when an answer is a repeat', async () => {
  const first = await operator.post(PATH, { commandType: 'a' }, { headers: { 'x-idempotency-key': 'seen-before' } });
  expect(first.headers.get('x-idempotency-replayed')).toBe('true');
  expect(last(COMMANDS_REQUESTS.send).idempotencyKey).toBe('seen-before');
  const bad = await operator.post(PATH, { commandType: 'a' }, { headers: { 'x-idempotency-key': 'x'.repeat(201) } });
  expect(bad).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
});

it.each<[string, unknown]>([
  ['commandType', { payload: {} }],
  ['commandType', { commandType: 5 }],
  ['commandType', { commandType: '' }],
  ['commandType', { commandType: 'x'.repeat(65) }],
  ['payload', { commandType: 'a', payload: [] }],
  ['payload', { commandType: 'a', payload: 'x' }],
  ['timeoutMs', { commandType: 'a', timeoutMs: 'soon' }],
  ['timeoutMs', { commandType: 'a', timeoutMs: 1.5 }],
  ['expiresAt', { commandType: 'a', expiresAt: 'tomorrow' }],
  ['retryPolicy', { commandType: 'a', retryPolicy: 3 }],
  ['retryPolicy.maxRetries', { commandType: 'a', retryPolicy: { maxRetries: -1, retryDelayMs: 1 } }],
])('ROB-051 refuses a wrong %s: %j', async (field, request) => {
  const { status, body } = await operator.post(PATH, request);
  expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
  expect(body.error.details.fields[0].field).toBe(field);
});

it('refuses a form with 415', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, body } = await operator.post(PATH, undefined, { rawBody: 'commandType=dock', headers });
  expect({ status, code: body.error.code }).toEqual({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
});

it('lists a robot’s commands as an array with the next page in the headers', async () => {
  const { body, headers } = await viewer.get(`${PATH}?limit=1&after=n0&status=ACKED`);
  expect(body).toEqual([{ commandId: COMMAND_ID }]);
  expect(headers.get('x-next-cursor')).toBe('n1');
  expect(last(COMMANDS_REQUESTS.listByRobot)).toEqual({ robotId: 'RB-001', limit: 1, after: 'n0', status: 'ACKED' });
  expect((await viewer.get(`${PATH}?status=LOST`)).status).toBe(400);
});

it('answers one command with its timeline, cancels it, and knows no other ids', async () => {
  expect((await viewer.get(`/api/v1/commands/${COMMAND_ID}`)).body).toEqual({ commandId: COMMAND_ID, timeline: [] });
  stage.services.answers.set(COMMANDS_REQUESTS.cancel.subject, () => {
    throw new MusterError('COMMAND_FINAL', 'It is over.');
  });
  expect((await viewer.post(`/api/v1/commands/${COMMAND_ID}/cancel`)).status).toBe(403);
  expect((await operator.post(`/api/v1/commands/${COMMAND_ID}/cancel`)).status).toBe(409);
  expect(last(COMMANDS_REQUESTS.cancel)).toMatchObject({
    commandId: COMMAND_ID,
    requester: { by: expect.any(String) },
  });
  for (const id of ['1', 'a.b', '%27']) {
    expect((await viewer.get(`/api/v1/commands/${id}`)).body.error.code).toBe('COMMAND_NOT_FOUND');
    expect((await viewer.get(`/api/v1/commands/batches/${id}`)).body.error.code).toBe('BATCH_NOT_FOUND');
  }
});

it('sends a batch by ids or by tag with 202, and shows it', async () => {
  const batch = { commandType: 'dock', robotIds: ['RB-1', 'RB-2'] };
  const { status, headers } = await operator.post('/api/v1/commands/batches', batch);
  expect({ status, location: headers.get('location') }).toEqual({
    status: 202,
    location: `/api/v1/commands/batches/${COMMAND_ID}`,
  });
  expect(last(COMMANDS_REQUESTS.sendBatch).request).toEqual({ ...batch, payload: {} });
  expect((await viewer.get(`/api/v1/commands/batches/${COMMAND_ID}`)).body.batchId).toBe(COMMAND_ID);
  for (const robotIds of [[], 'RB-1', [5], ['a.b'], Array.from({ length: 1_001 }, (_, i) => `RB-${i}`)]) {
    expect((await operator.post('/api/v1/commands/batches', { commandType: 'dock', robotIds })).status).toBe(400);
  }
});
