import { integer, optionalSecret, settings, VariableProblem, type Variable } from '#libs/platform';

/** The users of a first start, each named after its role. */
export const FIRST_USERS = ['admin', 'operator', 'viewer'] as const;

export type FirstUser = (typeof FIRST_USERS)[number];

/** `iss` and `aud` of our own access tokens. */
export const OWN_ISSUER = 'muster';

/** How long after its end a device's token may still be exchanged for a new one (decision C1). */
export const REFRESH_GRACE_S = 86_400;
/** How far the clocks of replicas may be apart, with room. */
const CLOCKS_S = 600;

/** An identity provider whose users may come in. */
export interface ForeignIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly rolesClaim?: string;
}

const password = (name: string): Variable<string | undefined> =>
  optionalSecret(name, {
    minCharacters: 5,
    hint: 'the password of that first user, or leave it out to have one generated',
  });

export class AuthSettings extends settings({
  adminPassword: password('ADMIN_PASSWORD'),
  operatorPassword: password('OPERATOR_PASSWORD'),
  viewerPassword: password('VIEWER_PASSWORD'),
  accessTokenTtlS: integer('ACCESS_TOKEN_TTL_S', {
    default: 900,
    min: 1,
    max: 86_400,
    hint: 'seconds for which an access token is good',
  }),
  sessionTtlS: integer('SESSION_TTL_S', {
    default: 2_592_000,
    min: 60,
    max: 31_536_000,
    hint: 'seconds after which a log-in ends, however often it was refreshed',
  }),
  orchestratorTokenTtlS: integer('ORCHESTRATOR_TOKEN_TTL_S', {
    default: 604_800,
    min: 60,
    max: 31_536_000,
    hint: "seconds for which an orchestrator's token is good; it may be refreshed in the last two sevenths of them",
  }),
  robotTokenTtlS: integer('ROBOT_TOKEN_TTL_S', {
    default: 604_800,
    min: 60,
    max: 31_536_000,
    hint: "seconds for which a robot's token for reporting tasks over HTTP is good",
  }),
  apiKeyRequestsPerMinute: integer('RATE_LIMIT_API_KEY_PER_MINUTE', {
    default: 100,
    min: 1,
    max: 10_000_000,
    hint: 'requests a minute of one API key, over all replicas',
  }),
  userRequestsPerMinute: integer('RATE_LIMIT_USER_PER_MINUTE', {
    default: 6_000,
    min: 1,
    max: 10_000_000,
    hint: 'requests a minute of one user, on each replica',
  }),
  foreignIssuers: foreignIssuers('OIDC_ISSUERS'),
}) {
  /** Seconds for which a revocation counts: as long as any token of ours could be shown, or be exchanged for a new one. */
  get longestProofS(): number {
    const longest = Math.max(this.accessTokenTtlS, this.orchestratorTokenTtlS, this.robotTokenTtlS);
    return longest + REFRESH_GRACE_S + CLOCKS_S;
  }

  /** Key: the first user; undefined where the environment gives no password. */
  get firstPasswords(): Readonly<Record<FirstUser, string | undefined>> {
    return { admin: this.adminPassword, operator: this.operatorPassword, viewer: this.viewerPassword };
  }
}

function foreignIssuers(name: string): Variable<readonly ForeignIssuer[]> {
  const hint = 'JSON like [{"issuer":"https://…","audience":"muster","jwksUrl":"https://…","rolesClaim":"roles"}]';
  return {
    name,
    hint,
    read: (text = '[]') => {
      const issuers = parseIssuers(text);
      if (!issuers) throw new VariableProblem(`is no list of identity providers. Set it to ${hint}.`);
      return issuers;
    },
  };
}

function parseIssuers(text: string): readonly ForeignIssuer[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every(isForeignIssuer) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isForeignIssuer(value: unknown): value is ForeignIssuer {
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  const [issuer, audience, jwksUrl, rolesClaim] = ['issuer', 'audience', 'jwksUrl', 'rolesClaim'].map((key) =>
    fields.get(key),
  );
  return (
    typeof issuer === 'string' &&
    issuer !== OWN_ISSUER &&
    typeof audience === 'string' &&
    typeof jwksUrl === 'string' &&
    URL.canParse(jwksUrl) &&
    (rolesClaim === undefined || typeof rolesClaim === 'string')
  );
}
