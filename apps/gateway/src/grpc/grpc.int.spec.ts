import { status } from '@grpc/grpc-js';
import { ERROR_CODES, GRPC_METADATA, MusterError, toErrorBody } from '#libs/contracts';
import { GrpcClient } from '../../../../test/support/grpc-client.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { GrpcServer } from './grpc.server.js';
import { toStatus } from './grpc.status.js';

let stage: GatewayStage;
let malls: Orchestrators;
let port: number;

beforeAll(async () => {
  stage = await GatewayStage.open({ ORCHESTRATOR_PING_MS: '300' });
  malls = new Orchestrators(stage);
  await malls.startService();
  await malls.entity('gr-1');
  port = stage.gateway.app.get(GrpcServer, { strict: false }).port ?? 0;
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => malls.close());

async function client(entityId: string, headers: Record<string, string> = {}): Promise<GrpcClient> {
  return malls.closing(GrpcClient.as(port, await malls.token(entityId), headers));
}

const codeOf = (error: any) => [error.code, error.metadata.get(GRPC_METADATA.errorCode)[0]];

it('ORC-131 ORC-132 ORC-133 the same events with the same ids over SSE, WebSocket and gRPC', async () => {
  const [sse, ws] = await Promise.all([malls.sse('gr-1'), malls.ws('gr-1')]);
  const grpc = (await client('gr-1', { 'x-entity-id': 'gr-1' })).events({ entity_id: 'gr-1' });
  await Promise.all([sse, ws, grpc].map(({ received }) => received.next('connected')));
  for (let n = 0; n < 5; n++) await malls.tell('gr-1', { n, text: 'ü\n' });
  const [first, ...others] = await Promise.all([sse, ws, grpc].map(({ received }) => received.until(5)));
  for (const other of others) expect(other).toEqual(first);
  for (const { received } of [sse, ws, grpc])
    expect(await received.next('ping')).toMatchObject({ id: first!.at(-1)!.id });
  const late = (await client('gr-1')).events({ last_event_id: first![1]!.id });
  expect((await late.received.until(3)).map(({ data }) => data.n)).toEqual([2, 3, 4]);
  const byMetadata = (await client('gr-1', { 'last-event-id': first![3]!.id! })).events();
  expect((await byMetadata.received.until(1)).map(({ data }) => data.n)).toEqual([4]);
});

it('ORC-132 an event has the instant of its storing', async () => {
  const { stream } = (await client('gr-1')).events();
  const seen: any[] = [];
  stream.on('data', (event) => seen.push(event));
  await waitFor(() => seen.length > 0);
  const { seconds, nanos } = seen[0].timestamp;
  expect(Math.abs(seconds * 1000 + nanos / 1e6 - Date.now())).toBeLessThan(10_000);
});

it('ORC-131 refuses a call without a token and one for another entity', async () => {
  const nobody = malls.closing(new GrpcClient(port)).events();
  await waitFor(() => nobody.failure);
  expect(codeOf(nobody.failure)).toEqual([status.UNAUTHENTICATED, 'AUTH_REQUIRED']);
  const own = await client('gr-1');
  const foreign = own.events({ entity_id: 'gr-2' });
  await waitFor(() => foreign.failure);
  expect(codeOf(foreign.failure)).toEqual([status.PERMISSION_DENIED, 'ENTITY_ACCESS_DENIED']);
  const byHeader = (await client('gr-1', { 'x-entity-id': 'gr-2' })).events();
  await waitFor(() => byHeader.failure);
  expect(codeOf(byHeader.failure)).toEqual([status.PERMISSION_DENIED, 'ENTITY_ACCESS_DENIED']);
  const unary = await own.call('SyncData', { entity_id: 'gr-2', mode: 'SYNC_MODE_FULL' }).catch((error) => error);
  expect(codeOf(unary)).toEqual([status.PERMISSION_DENIED, 'ENTITY_ACCESS_DENIED']);
  const unsigned = await malls
    .closing(new GrpcClient(port))
    .call('Register', { payload: Buffer.from('{}') })
    .catch((e) => e);
  expect(codeOf(unsigned)).toEqual([status.INVALID_ARGUMENT, 'VALIDATION_FAILED']);
  const person = malls.closing(GrpcClient.as(port, (await stage.as('admin')).token!)).events();
  await waitFor(() => person.failure);
  expect(codeOf(person.failure)).toEqual([status.PERMISSION_DENIED, 'ACCESS_DENIED']);
});

it('ORC-131 SyncData answers what REST answers, and the error body is REST’s', async () => {
  const own = await client('gr-1');
  const full = await own.call('SyncData', { mode: 'SYNC_MODE_FULL', include: ['areas', 'beacons'] });
  expect(full).toMatchObject({ entity_id: 'gr-1', data: { areas: [], beacons: [] } });
  expect(Object.keys(full.data)).toEqual(['areas', 'beacons']);
  expect(await own.call('SyncData', { mode: 'SYNC_MODE_CHECKSUM' })).toMatchObject({
    checksums: { global: full.checksum },
  });
  const delta = await own.call('SyncData', { mode: 'SYNC_MODE_DELTA', cursor: full.cursor });
  expect(delta).toMatchObject({ changes: [], has_more: false });
  const refused = await own.call('SyncData', { include: ['nonsense'] }).catch((error) => error);
  expect(codeOf(refused)).toEqual([status.INVALID_ARGUMENT, 'VALIDATION_FAILED']);
  const body = JSON.parse(refused.metadata.get(GRPC_METADATA.errorBody)[0].toString());
  expect(body.error).toMatchObject({ code: 'VALIDATION_FAILED', request_id: expect.any(String) });
});

it('survives payloads that are nonsense', async () => {
  const own = await client('gr-1');
  for (const payload of ['', '{', 'null', '[]', '"x"', '\xff']) {
    const error = await own.call('ReportHeartbeat', { payload: Buffer.from(payload, 'latin1') }).catch((e) => e);
    expect([payload, error.code]).toEqual([payload, status.INVALID_ARGUMENT]);
  }
  const large = await own.call('ReportHeartbeat', { payload: Buffer.alloc(2 * 1024 ** 2) }).catch((e) => e);
  expect(large.code).toBe(status.RESOURCE_EXHAUSTED);
});

it('every error code has a status of its own kind', () => {
  for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
    const error = new MusterError(code, 'x');
    const { code: grpcCode, metadata } = toStatus(error, toErrorBody(error, 'req-1'));
    expect([code, grpcCode]).not.toEqual([code, status.UNKNOWN]);
    expect(metadata.get(GRPC_METADATA.errorCode)).toEqual([code]);
  }
});
