import { GRPC_METADATA } from '#libs/contracts';
import { Api } from '../support/api.js';
import { FaithfulClient } from '../support/faithful-client.js';
import { GrpcClient } from '../support/grpc-client.js';
import { SseClient, WsClient } from '../support/event-stream.js';
import { createMall, MallOrchestrator, newDeviceKeys, registrationBody, signatureOf } from '../support/mall.js';
import { freePort } from '../../scripts/embedded/ports.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

/** What people do to a mall reaches its orchestrator over every protocol, through kills of whatever is in between. */
describe('events of a mall end to end', () => {
  let platform: TestPlatform;
  let admin: Api;
  let orchestrator: MallOrchestrator;
  let grpcPort: number;
  const open: { close(): void }[] = [];

  beforeAll(async () => {
    grpcPort = await freePort();
    platform = await startPlatform({
      topology: 'separate',
      gateways: 2,
      env: { RATE_LIMIT_USER_PER_MINUTE: '100000', ORCHESTRATOR_PING_MS: '1000', GRPC_PORT: String(grpcPort) },
    });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    orchestrator = await MallOrchestrator.ofNewMall(admin);
  }, 120_000);

  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  afterAll(() => platform.stop());

  const closing = <T extends { close(): void }>(client: T): T => {
    open.push(client);
    return client;
  };

  const configure = (n: number) =>
    admin.put(`/api/v1/entities/${orchestrator.entityId}/config`, { type: 'flow', config: { n } });

  it('ORC-015 ORC-131 ORC-133 a change reaches SSE, WebSocket and gRPC with one id, and is acknowledged', async () => {
    const { entityId, token, headers } = orchestrator;
    const sse = closing(await SseClient.open(platform.url, { token, headers }));
    const ws = closing(await WsClient.open(platform.urls[1]!, { token }));
    const grpc = closing(GrpcClient.as(grpcPort, token));
    const stream = grpc.events({ entity_id: entityId });
    const all = [sse, ws, stream].map(({ received }) => received);
    await Promise.all(all.map((received) => received.next('connected')));
    await admin.put(`/api/v1/entities/${entityId}/areas/area-1`, { name: 'Gate' });
    const [first, ...others] = await Promise.all(all.map((received) => received.next('data_update')));
    for (const other of others) expect(other).toEqual(first);
    expect(first!.data).toMatchObject({
      type: 'entity_update',
      entity_id: entityId,
      changes: { areas: ['area-1'], beacons: [], merchants: [], connections: [] },
      checksum: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const acked = await orchestrator.post(`/api/orchestrators/events/${first!.id}/ack`, { status: 'applied' });
    expect(acked).toMatchObject({ status: 200, body: { acknowledged: true, event_id: first!.id } });
    const { body } = await admin.get(`/api/v1/entities/${entityId}/events?limit=5`);
    expect(body.events[0]).toMatchObject({ event_id: first!.id, acks: [{ status: 'applied' }] });
    expect(await grpc.call('SyncData', { mode: 'SYNC_MODE_CHECKSUM' })).toMatchObject({
      checksums: { global: first!.data.checksum },
    });
    const heartbeat = { entity_id: entityId, orchestrator_id: orchestrator.assignedId, status: 'healthy' };
    const payload = Buffer.from(JSON.stringify(heartbeat));
    expect(await grpc.call('ReportHeartbeat', { payload })).toMatchObject({ acknowledged: true });
  });

  it('ORC-131 registers over gRPC with a signature over the exact bytes of the payload', async () => {
    const keys = newDeviceKeys();
    const { entityId, secret } = await createMall(admin);
    const text = JSON.stringify(registrationBody({ entityId, secret, keys }), null, 1);
    const register = (signed: string) => {
      const signature = signatureOf(signed, keys.privateKey, { form: 'raw' });
      const client = closing(new GrpcClient(grpcPort, { 'x-signature': signature }));
      return client.call('Register', { payload: Buffer.from(text) });
    };
    const refused = await register(JSON.stringify(JSON.parse(text))).catch((error) => error);
    expect(refused.metadata.get(GRPC_METADATA.errorCode)).toEqual(['AUTH_INVALID_SIGNATURE']);
    const { token, assigned_id } = await register(text);
    expect(assigned_id).toEqual(expect.any(String));
    const { received } = closing(GrpcClient.as(grpcPort, token, { 'x-orchestrator-id': assigned_id })).events();
    await received.next('connected');
  });

  it('ORC-003 ORC-067 ORC-117 a gateway, the service and the broker are killed: nothing is lost and nothing comes twice', async () => {
    const urls = [...platform.urls];
    let turn = 0;
    const mall = await MallOrchestrator.ofNewMall(admin);
    orchestrator = mall;
    const clients = [0, 1, 2, 3].map(
      (n) => new FaithfulClient(mall.token, n === 3 ? 'websocket' : 'sse', () => urls[turn++ % urls.length]!),
    );
    await waitFor(() => clients.every(({ received }) => received.events.length > 0));
    const send = async (n: number) => {
      await waitFor(async () => (await configure(n)).status === 200, 60_000);
    };
    for (let n = 0; n < 5; n++) await send(n);
    await platform.kill('gateway-2');
    for (let n = 5; n < 10; n++) await send(n);
    await platform.restart('gateway-2');
    await platform.kill('orchestrators');
    await platform.restart('orchestrators');
    for (let n = 10; n < 15; n++) await send(n);
    await platform.kill('nats-server');
    await platform.restart('nats-server');
    for (let n = 15; n < 20; n++) await send(n);
    const numbers = (client: FaithfulClient) => client.received.durable.map(({ data }) => data.config.n);
    await waitFor(() => clients.every((client) => numbers(client).at(-1) === 19), 60_000);
    await Promise.all(clients.map((client) => client.stop()));
    const [first, ...others] = clients.map(({ received }) => received.durable);
    for (const other of others) expect(other).toEqual(first);
    expect([...new Set(first!.map(({ data }) => data.config.n))]).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(first!.map(({ data }) => data.version)).toEqual(first!.map((_, index) => index + 1));
  }, 180_000);
});
