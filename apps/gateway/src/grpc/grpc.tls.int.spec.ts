import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status, type ChannelCredentials } from '@grpc/grpc-js';
import { type CertificateFiles, TestAuthority } from '../../../../test/support/certificates.js';
import { GrpcClient, type GrpcStream } from '../../../../test/support/grpc-client.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { GrpcServer } from './grpc.server.js';

let directory: string;
let authority: TestAuthority;
let served: CertificateFiles;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'muster-test-grpc-tls-'));
  authority = TestAuthority.create(directory);
  served = authority.issue('served');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function withMalls(env: Record<string, string>, work: (malls: Orchestrators, port: number) => Promise<void>) {
  const stage = await GatewayStage.open(env);
  const malls = new Orchestrators(stage);
  try {
    await work(malls, stage.gateway.app.get(GrpcServer, { strict: false }).port ?? 0);
  } finally {
    await malls.close();
  }
}

async function streamOf(malls: Orchestrators, port: number, channel: ChannelCredentials): Promise<GrpcStream> {
  const authorization = `Bearer ${await malls.token('gt-1')}`;
  return malls.closing(new GrpcClient(port, { authorization }, channel)).events();
}

const tls = () => ({ TLS_CERT_FILE: served.certFile, TLS_KEY_FILE: served.keyFile });

it('ORC-131 speaks TLS where certificates are configured, and nothing else', async () => {
  await withMalls(tls(), async (malls, port) => {
    const secure = await streamOf(malls, port, credentials.createSsl(authority.ca));
    await secure.received.next('connected');
    const plain = await streamOf(malls, port, credentials.createInsecure());
    expect((await waitFor(() => plain.failure)).code).toBe(status.UNAVAILABLE);
    expect(plain.received.events).toEqual([]);
  });
}, 60_000);

it('ORC-089 with a client CA a client without a certificate of it is refused', async () => {
  await withMalls({ ...tls(), TLS_CLIENT_CA_FILE: authority.caFile }, async (malls, port) => {
    const { certFile, keyFile } = authority.issue('orchestrator');
    const own = [readFileSync(keyFile), readFileSync(certFile)] as const;
    const known = await streamOf(malls, port, credentials.createSsl(authority.ca, ...own));
    await known.received.next('connected');
    const nobody = await streamOf(malls, port, credentials.createSsl(authority.ca));
    expect((await waitFor(() => nobody.failure)).code).toBe(status.UNAVAILABLE);
    const stranger = TestAuthority.create(directory, 'other-ca').issue('stranger');
    const foreign = [readFileSync(stranger.keyFile), readFileSync(stranger.certFile)] as const;
    const refused = await streamOf(malls, port, credentials.createSsl(authority.ca, ...foreign));
    expect((await waitFor(() => refused.failure)).code).toBe(status.UNAVAILABLE);
  });
}, 60_000);

it('is bound to this machine alone without certificates, and may be switched off', async () => {
  await withMalls({ HOST: '0.0.0.0' }, async (malls, port) => {
    const local = await streamOf(malls, port, credentials.createInsecure());
    await local.received.next('connected');
    expect(malls.stage.gateway.app.get(GrpcServer, { strict: false }).host).toBe('127.0.0.1');
  });
  await withMalls({ GRPC: 'off' }, async (_malls, port) => expect(port).toBe(0));
}, 60_000);
