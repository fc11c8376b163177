import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import { TokenVerifier } from './token-verifier.js';
import { remoteKeys, type TrustedIssuer } from './trusted-issuer.js';

const OWN = 'muster';
const IDP = 'https://idp.example';
const AUDIENCE = 'muster';

interface Signer {
  readonly key: CryptoKey;
  readonly publicJwk: JWK;
  readonly alg: string;
}

async function signer(alg: string, kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { key: privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg }, alg };
}

/** An identity provider as we see one: a URL that answers a key set, and counts how often it is asked. */
class KeyServer {
  asked = 0;
  status = 200;
  private server: Server | undefined;

  constructor(public keys: JWK[]) {}

  async start(): Promise<string> {
    this.server = createServer((_request, response) => {
      this.asked += 1;
      response.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: this.keys }));
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server?.close(() => resolve()));
  }
}

function token(claims: Record<string, unknown>, { key, alg, publicJwk }: Signer): Promise<string> {
  return new SignJWT({ iss: IDP, aud: AUDIENCE, sub: 'u-1', exp: inSeconds(60), ...claims })
    .setProtectedHeader({ alg, kid: publicJwk.kid ?? '' })
    .sign(key);
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const refused = (code: string) => ({ name: 'MusterError', code });

describe('TokenVerifier', () => {
  let idp: Signer;
  let keyServer: KeyServer;
  let foreign: TrustedIssuer;

  beforeAll(async () => {
    idp = await signer('ES256', 'idp-1');
  });

  beforeEach(async () => {
    keyServer = new KeyServer([idp.publicJwk]);
    const url = await keyServer.start();
    foreign = { issuer: IDP, audience: AUDIENCE, kind: 'foreign', keys: remoteKeys(url) };
  });

  afterEach(() => keyServer.stop());

  it('PET-048 a token of a foreign issuer is accepted by the keys behind its JWKS URL', async () => {
    const exp = inSeconds(60);
    const accepted = await new TokenVerifier([foreign]).verify(
      await token({ roles: ['operator', 'wizard'], preferred_username: 'ada', exp }, idp),
    );
    expect(accepted).toEqual({
      kind: 'foreign',
      id: 'u-1',
      name: 'ada',
      roles: ['operator'],
      expiresAt: new Date(exp * 1000),
      sessionId: null,
    });
  });

  it.each(['RS256', 'EdDSA'])('PET-051 a foreign token signed with %s is accepted', async (alg) => {
    const other = await signer(alg, `idp-${alg}`);
    keyServer.keys = [other.publicJwk];
    await expect(new TokenVerifier([foreign]).verify(await token({}, other))).resolves.toMatchObject({ id: 'u-1' });
  });

  it('roles are read from the claim that the issuer uses, and customer means mobile', async () => {
    const keycloak: TrustedIssuer = { ...foreign, rolesClaim: 'realm_access.roles' };
    const claims = { roles: ['admin'], realm_access: { roles: ['viewer', 'customer'] } };
    const { roles } = await new TokenVerifier([keycloak]).verify(await token(claims, idp));
    expect(roles).toEqual(['viewer', 'mobile']);
  });

  it('PET-051 a token without signature is refused', async () => {
    const forged = new UnsecuredJWT({ iss: IDP, aud: AUDIENCE, sub: 'u-1', exp: inSeconds(60) }).encode();
    await expect(new TokenVerifier([foreign]).verify(forged)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
  });

  it('a token signed with HS256 and the public key as secret is refused', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(idp.publicJwk));
    const forged = await new SignJWT({ iss: IDP, aud: AUDIENCE, sub: 'u-1', exp: inSeconds(60) })
      .setProtectedHeader({ alg: 'HS256', kid: 'idp-1' })
      .sign(secret);
    await expect(new TokenVerifier([foreign]).verify(forged)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
  });

  it('PET-051 a token signed with another key under the same kid is refused', async () => {
    const thief = await signer('ES256', 'idp-1');
    const forged = await token({}, thief);
    await expect(new TokenVerifier([foreign]).verify(forged)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
  });

  it('a foreign issuer cannot speak for our own users', async () => {
    const own: TrustedIssuer = { issuer: OWN, audience: AUDIENCE, kind: 'user', keys: ownKeys([]) };
    const forged = await token({ iss: OWN }, idp);
    await expect(new TokenVerifier([own, foreign]).verify(forged)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
  });

  it.each([
    ['another audience', { aud: 'someone-else' }],
    ['no audience', { aud: undefined }],
    ['an unknown issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['no subject', { sub: undefined }],
    ['no expiry', { exp: undefined }],
    ['a start in the future', { nbf: inSeconds(600) }],
  ])('a token with %s is refused', async (_what, claims) => {
    const bad = await token(claims, idp);
    await expect(new TokenVerifier([foreign]).verify(bad)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
  });

  it.each(['', '.', '..', 'a.b.c', 'not a token', '\u0000', 'x'.repeat(10_000), 'e30.e30.e30'])(
    'rubbish %# is refused as a bad token, not as a failure',
    async (rubbish) => {
      await expect(new TokenVerifier([foreign]).verify(rubbish)).rejects.toMatchObject(refused('AUTH_INVALID_TOKEN'));
    },
  );

  it('ORC-079 an expired token is told apart from a bad one', async () => {
    const old = await token({ exp: inSeconds(-1) }, idp);
    await expect(new TokenVerifier([foreign]).verify(old)).rejects.toMatchObject(refused('AUTH_TOKEN_EXPIRED'));
  });

  it('a token that was accepted before is refused once it has expired', async () => {
    const verifier = new TokenVerifier([foreign]);
    const short = await token({ exp: inSeconds(30) }, idp);
    await verifier.verify(short);
    jest.useFakeTimers({
      now: Date.now() + 31_000,
      doNotFake: ['performance', 'nextTick', 'setImmediate', 'setTimeout'],
    });
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 31_000);
    await expect(verifier.verify(short)).rejects.toMatchObject(refused('AUTH_TOKEN_EXPIRED'));
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('keys that cannot be fetched are an outage, not a bad token', async () => {
    keyServer.status = 500;
    const good = await token({}, idp);
    const verifier = new TokenVerifier([foreign]);
    await expect(verifier.verify(good)).rejects.toMatchObject(refused('SERVICE_UNAVAILABLE'));
    keyServer.status = 200;
    await expect(verifier.verify(good)).resolves.toMatchObject({ id: 'u-1' });
  });

  it('a token seen before is believed without asking for keys or checking the signature again', async () => {
    let keysAsked = 0;
    const own: TrustedIssuer = {
      issuer: IDP,
      audience: AUDIENCE,
      kind: 'user',
      keys: ownKeys([idp], () => (keysAsked += 1)),
    };
    const verifier = new TokenVerifier([own]);
    const good = await token({ sid: 's-1' }, idp);
    await verifier.verify(good);
    const again = await verifier.verify(good);
    expect(again.sessionId).toBe('s-1');
    expect(keysAsked).toBe(1);
  });

  it('the cache is bounded: the oldest token is checked again', async () => {
    let keysAsked = 0;
    const own: TrustedIssuer = {
      issuer: IDP,
      audience: AUDIENCE,
      kind: 'user',
      keys: ownKeys([idp], () => (keysAsked += 1)),
    };
    const verifier = new TokenVerifier([own], 2);
    const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => token({ sub }, idp)));
    for (const each of [...tokens, ...tokens]) await verifier.verify(each);
    expect(keysAsked).toBeGreaterThan(3);
  });
});

function ownKeys(signers: readonly Signer[], onAsk = () => 0): TrustedIssuer['keys'] {
  return ({ kid }) => {
    onAsk();
    const found = signers.find(({ publicJwk }) => publicJwk.kid === kid);
    if (!found) throw new errors.JWKSNoMatchingKey();
    return found.publicJwk;
  };
}
