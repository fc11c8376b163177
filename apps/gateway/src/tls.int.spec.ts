import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Logger } from '@nestjs/common';
import { io } from 'socket.io-client';
import { HUB_NAMESPACE, ROUTES } from '#libs/contracts';
import { ServerTls, TlsSettings } from '#libs/platform';
import { type CertificateFiles, TestAuthority } from '../../../test/support/certificates.js';
import { TEST_PASSWORDS } from '../../../test/support/gateway.js';
import { GatewayStage } from '../../../test/support/hub.js';
import { waitFor } from '../../../test/support/wait.js';

interface Secured {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: any;
}

describe('the front door with certificates', () => {
  let directory: string;
  let authority: TestAuthority;
  let served: CertificateFiles;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'muster-test-tls-'));
    authority = TestAuthority.create(directory);
    served = { certFile: join(directory, 'served.crt'), keyFile: join(directory, 'served.key') };
    put(authority.issue('first'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function put({ certFile, keyFile }: CertificateFiles): void {
    copyFileSync(certFile, served.certFile);
    copyFileSync(keyFile, served.keyFile);
  }

  const env = (more: Record<string, string> = {}): Record<string, string> => ({
    TLS_CERT_FILE: served.certFile,
    TLS_KEY_FILE: served.keyFile,
    ...more,
  });

  function call(url: string, options: RequestOptions & { body?: object } = {}): Promise<Secured> {
    const { body, ...rest } = options;
    return new Promise((resolve, reject) => {
      const sent = request(url, { ca: authority.ca, agent: false, ...rest }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text && JSON.parse(text) });
        });
      });
      sent.on('error', reject).setHeader('content-type', 'application/json');
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  function handshake(url: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', ca: authority.ca, ...options });
      socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    });
  }

  const identity = ({ certFile, keyFile }: CertificateFiles): { cert: Buffer; key: Buffer } => ({
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
  });

  describe('TLS 1.3', () => {
    let stage: GatewayStage;
    beforeAll(async () => {
      stage = await GatewayStage.open(env());
    });
    afterAll(() => stage.close());

    it('ORC-088 serves HTTPS with TLS 1.3 and HSTS, and refuses 1.2', async () => {
      expect(stage.url).toMatch(/^https:/);
      const socket = await handshake(stage.url);
      expect(socket.getProtocol()).toBe('TLSv1.3');
      socket.destroy();
      await expect(handshake(stage.url, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
      const { status, headers } = await call(`${stage.url}/health`);
      expect(status).toBe(200);
      expect(headers['strict-transport-security']).toMatch(/max-age=\d{7,}/);
    });

    it('ORC-004 clients refuse a server that they do not trust, and the server a caller without a token', async () => {
      const strangers = mkdtempSync(join(directory, 'strangers-'));
      const { ca } = TestAuthority.create(strangers);
      await expect(call(`${stage.url}/health`, { ca })).rejects.toThrow(/self-signed|unable to verify/);
      const { status, body } = await call(stage.url + ROUTES.orchestratorsEvents.path);
      expect([status, body.error.code]).toEqual([401, 'AUTH_REQUIRED']);
    });

    it('ORC-088 sockets of the hub connect over TLS', async () => {
      const body = { username: 'viewer', password: TEST_PASSWORDS.viewer };
      const login = await call(`${stage.url}/api/v1/auth/login`, { method: 'POST', body });
      const options = { auth: { token: login.body.accessToken }, transports: ['websocket'], reconnection: false };
      const socket = io(stage.url + HUB_NAMESPACE, { ...options, forceNew: true, ca: authority.ca.toString() });
      try {
        await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
        const answer = await socket.timeout(5_000).emitWithAck('join', { group: 'fleet' });
        expect(answer.ok).toBe(true);
      } finally {
        socket.close();
      }
    });

    it('takes renewed certificates without a restart, and keeps the old ones while the new do not fit together', async () => {
      const nameOf = async (): Promise<string | undefined> => {
        const socket = await handshake(stage.url);
        const { CN } = socket.getPeerCertificate().subject;
        socket.destroy();
        return Array.isArray(CN) ? CN[0] : CN;
      };
      expect(await nameOf()).toBe('first');
      const warnings: string[] = [];
      Logger.overrideLogger({
        log: () => undefined,
        error: () => undefined,
        warn: ({ event }: { event: string }) => void warnings.push(event),
      });
      const second = authority.issue('second');
      writeFileSync(served.certFile, readFileSync(second.certFile));
      await waitFor(() => warnings.includes('tls_certificates_not_reloaded'));
      expect(await nameOf()).toBe('first');
      put(second);
      expect(await waitFor(async () => (await nameOf()) === 'second' && 'renewed')).toBe('renewed');
    });
  });

  it('A22 serves TLS 1.2 with ECDHE-GCM suites alone when that is allowed', async () => {
    const stage = await GatewayStage.open(env({ TLS_MIN_VERSION: 'TLSv1.2' }));
    try {
      const socket = await handshake(stage.url, { maxVersion: 'TLSv1.2' });
      expect(socket.getProtocol()).toBe('TLSv1.2');
      expect(socket.getCipher().name).toMatch(/^ECDHE-\w+-AES\d+-GCM-SHA\d+$/);
      socket.destroy();
      const weak = { maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-AES128-SHA' };
      await expect(handshake(stage.url, weak)).rejects.toThrow(/handshake failure/);
    } finally {
      await stage.close();
    }
  });

  it('ORC-089 refuses clients without a trusted certificate when mTLS is required', async () => {
    const stage = await GatewayStage.open(env({ TLS_CLIENT_AUTH: 'require', TLS_CLIENT_CA_FILE: authority.caFile }));
    try {
      const trusted = identity(authority.issue('orchestrator'));
      const foreign = identity(TestAuthority.create(directory, 'foreign-ca').issue('foreign'));
      expect((await call(`${stage.url}/health`, trusted)).status).toBe(200);
      await expect(call(`${stage.url}/health`)).rejects.toThrow(/alert|ECONNRESET|hang up/i);
      await expect(call(`${stage.url}/health`, foreign)).rejects.toThrow(/alert|ECONNRESET|hang up/i);
    } finally {
      await stage.close();
    }
  });

  it.each([
    [{ TLS_CERT_FILE: 'first.crt' }, /TLS_KEY_FILE is missing/],
    [{ TLS_KEY_FILE: 'first.key' }, /TLS_CERT_FILE is missing/],
    [{ TLS_CLIENT_AUTH: 'require' }, /needs TLS_CERT_FILE/],
    [{ TLS_CERT_FILE: 'first.crt', TLS_KEY_FILE: 'first.key', TLS_CLIENT_AUTH: 'require' }, /TLS_CLIENT_CA_FILE is/],
    [{ TLS_CERT_FILE: 'first.crt', TLS_KEY_FILE: 'ca.key' }, /cannot be used/],
  ])('says what is wrong with %j', (given, problem) => {
    const inDirectory = Object.entries(given).map(([name, value]) => [
      name,
      name.endsWith('_FILE') ? join(directory, value) : value,
    ]);
    const settings = new TlsSettings(Object.fromEntries(inDirectory));
    expect(() => ServerTls.load(settings)).toThrow(problem);
  });
});
