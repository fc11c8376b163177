import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROUTES } from '#libs/contracts';
import { silentLog } from '../log.js';
import { CredentialStore } from './credential.store.js';
import { GatewayClient } from './gateway.client.js';

const CREDENTIALS = {
  creds: 'text',
  urls: ['nats://127.0.0.1:1'],
  inboxPrefix: '_INBOX_RB-1',
  stream: 'ROBOT_COMMANDS',
  consumer: 'c',
  settingsConsumer: 's',
};

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

describe('the gateway client', () => {
  const seen: { path: string; body: unknown; authorization: string | undefined }[] = [];
  let answers: Answer[] = [];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      void text(request).then((body) => {
        seen.push({ path: request.url ?? '', body: JSON.parse(body), authorization: request.headers.authorization });
        const [status, answer, headers] = answers.shift() ?? [500, {}];
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => void seen.splice(0));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const client = (signal = new AbortController().signal): GatewayClient =>
    new GatewayClient({ url, user: 'admin', password: () => 'secret', log: silentLog, signal });

  it('logs in once and asks for each robot’s credentials', async () => {
    answers = [
      [200, { accessToken: 't1' }],
      [201, CREDENTIALS],
      [201, CREDENTIALS],
    ];
    const gateway = client();
    expect(await gateway.issueCredentials('RB-1')).toEqual(CREDENTIALS);
    await gateway.issueCredentials('RB-2');
    expect(seen.map(({ path }) => path)).toEqual([
      ROUTES.login.path,
      '/api/v1/robots/RB-1/credentials',
      '/api/v1/robots/RB-2/credentials',
    ]);
    expect(seen[0]?.body).toEqual({ username: 'admin', password: 'secret' });
    expect(seen[2]).toMatchObject({ body: { transport: 'nats' }, authorization: 'Bearer t1' });
  });

  it('waits as long as Retry-After says, and repeats after a server’s error', async () => {
    answers = [
      [200, { accessToken: 't1' }],
      [429, {}, { 'retry-after': '1' }],
      [503, {}, { 'retry-after': '0' }],
      [201, CREDENTIALS],
    ];
    const startedAt = Date.now();
    await client().issueCredentials('RB-1');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    expect(seen).toHaveLength(4);
  });

  it('logs in again when its token has run out', async () => {
    answers = [
      [200, { accessToken: 't1' }],
      [401, {}],
      [200, { accessToken: 't2' }],
      [201, CREDENTIALS],
    ];
    await client().issueCredentials('RB-1');
    expect(seen.at(-1)?.authorization).toBe('Bearer t2');
  });

  it.each<[number, object]>([
    [401, { error: { code: 'AUTH_INVALID_CREDENTIALS' } }],
    [200, { token: 'elsewhere' }],
  ])('gives up on a final answer (%i %j)', async (status, body) => {
    answers = [[status, body]];
    await expect(client().issueCredentials('RB-1')).rejects.toThrow(/answers POST \/api\/v1\/auth\/login with/);
    expect(seen).toHaveLength(1);
  });

  it('stops waiting for a gateway that is away when told to', async () => {
    const stopping = new AbortController();
    const log = { ...silentLog, warn: () => stopping.abort() };
    const nobody = { url: 'http://127.0.0.1:9', user: 'admin', password: () => 'x', log, signal: stopping.signal };
    await expect(new GatewayClient(nobody).issueCredentials('RB-1')).rejects.toThrow(/abort/i);
  });
});

describe('the credential store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'simulator-store-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('keeps credentials where only their owner can read them', () => {
    const store = new CredentialStore(join(directory, 'a'), 'http://one');
    store.save('RB-1', CREDENTIALS);
    expect(store.load('RB-1')).toEqual(CREDENTIALS);
    expect(statSync(join(directory, 'a', 'RB-1.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o700);
    store.forget('RB-1');
    store.forget('RB-1');
    expect(store.load('RB-1')).toBeUndefined();
  });

  it('finds nothing in files of another platform, another robot, or cut short', () => {
    const store = new CredentialStore(directory, 'http://one');
    new CredentialStore(directory, 'http://two').save('RB-1', CREDENTIALS);
    writeFileSync(join(directory, 'RB-2.json'), '{"robotId":"RB-2","gate');
    const other = { robotId: 'rb-3', gateway: 'http://one', credentials: CREDENTIALS };
    writeFileSync(join(directory, 'RB-3.json'), JSON.stringify(other));
    expect(['RB-1', 'RB-2', 'RB-3', 'RB-4'].map((id) => store.load(id))).toEqual(Array(4).fill(undefined));
  });
});
