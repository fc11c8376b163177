import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TestEdge } from '../../../../../test/support/gateway.js';
import { AuthSettings } from '../auth.settings.js';

const ISSUER = 'https://idp.example';

describe('users of an identity provider', () => {
  let keyServer: Server;
  let signWith: CryptoKey;
  let database: TestDatabase;
  let edge: TestEdge;

  beforeAll(async () => {
    const pair = await generateKeyPair('RS256');
    signWith = pair.privateKey;
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'idp-1', alg: 'RS256' }];
    keyServer = createServer((_request, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/jwks`;
    const issuers = [{ issuer: ISSUER, audience: 'fleet', jwksUrl, rolesClaim: 'realm_access.roles' }];
    database = await createTestDatabase();
    const env = { ...TEST_PASSWORD_ENV, OIDC_ISSUERS: JSON.stringify(issuers) };
    edge = await TestEdge.start({ databaseUrl: database.url, env });
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
    await new Promise((resolve) => keyServer.close(resolve));
  });

  const token = (claims: object): Promise<string> =>
    new SignJWT({ iss: ISSUER, aud: 'fleet', sub: 'idp|7', name: 'Grace', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'idp-1' })
      .setExpirationTime('5m')
      .sign(signWith);

  it('PET-048 come in with the roles that it gives them', async () => {
    const shown = await token({ realm_access: { roles: ['admin', 'orchestrator'] } });
    expect(await edge.call('GET', '/api/v1/auth/me', { token: shown })).toMatchObject({
      status: 200,
      body: { kind: 'foreign', id: 'idp|7', name: 'Grace', roles: ['admin'] },
    });
    expect((await edge.call('GET', '/api/v1/users', { token: shown })).status).toBe(200);
  });

  it('have no more than their roles, and a log-out of theirs touches nobody', async () => {
    const shown = await token({ realm_access: { roles: ['viewer'] } });
    expect((await edge.call('GET', '/api/v1/users', { token: shown })).status).toBe(403);
    expect((await edge.call('POST', '/api/v1/auth/logout', { token: shown })).status).toBe(204);
    expect((await edge.call('GET', '/api/v1/auth/me', { token: shown })).status).toBe(200);
  });

  it('cannot come in with a token for somebody else', async () => {
    const shown = await token({ aud: 'another-app', realm_access: { roles: ['admin'] } });
    expect((await edge.call('GET', '/api/v1/auth/me', { token: shown })).status).toBe(401);
  });
});

describe('AuthSettings', () => {
  it.each([
    '{',
    '{}',
    '[1]',
    '[null]',
    '[{"issuer":"https://x"}]',
    '[{"issuer":"x","audience":"y","jwksUrl":"no url"}]',
  ])('identity providers that make no sense are refused at start: %s', (text) => {
    expect(() => new AuthSettings({ OIDC_ISSUERS: text })).toThrow(/OIDC_ISSUERS/);
  });

  it('nobody else may be called like our own issuer', () => {
    const text = JSON.stringify([{ issuer: 'muster', audience: 'a', jwksUrl: 'https://x.example/jwks' }]);
    expect(() => new AuthSettings({ OIDC_ISSUERS: text })).toThrow(/OIDC_ISSUERS/);
  });

  it('a password in a bad variable is not repeated', () => {
    expect(() => new AuthSettings({ ADMIN_PASSWORD: 'abc' })).toThrow(/^(?!.*"abc").*ADMIN_PASSWORD/s);
  });
});
