import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { type ErrorCode, ROUTES } from '#libs/contracts';
import '../auth/guards/request.principal.js';
import '../http/error.filter.js';
import { requesterOf } from '../http/requester.js';
import { routeOf } from '../http/route.names.js';

const LONGEST_TEXT = 200;
const UNAUTHENTICATED = 401;
const FORBIDDEN = 403;
const FIRST_CLIENT_ERROR = 400;

/** Who did what to whom, and what came of it. Of a body only the name that a log-in is for, never a secret. */
export interface AuditEntry {
  /** By the gateway's clock. */
  readonly at: Date;
  readonly requestId: string;
  /** As services record it, e.g. `user:<id>`, `key:<id>`, `orchestrator:<id>`; null for a caller that is not proven. */
  readonly actor: string | null;
  readonly actorName: string | null;
  readonly actorKind: Principal['kind'] | 'anonymous';
  readonly roles: readonly string[];
  /** A row of `ROUTES`, or what else was tried. */
  readonly action: string;
  readonly entityId: string | null;
  /** Parameters of the path, and the `username` of a log-in. */
  readonly targets: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: ErrorCode | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** More than 1 when equal entries of a minute are one. */
  readonly count: number;
}

/** What a request has left; undefined when it is none of the log's business. */
export function toEntry(request: FastifyRequest, reply: FastifyReply, at = new Date()): AuditEntry | undefined {
  const { principal } = request;
  const found = routeOf(request);
  if (!concerns(request, reply)) return undefined;
  const targets = { ...toTargets(request.params), ...toUsername(request) };
  return {
    at,
    requestId: request.id,
    ...toActor(principal),
    action: found?.name ?? shortened(`${request.method} ${request.routeOptions.url ?? 'unmatched'}`),
    entityId: principal?.scope?.entityId ?? targets['entityId'] ?? null,
    targets,
    status: reply.statusCode,
    code: request.errorCode ?? null,
    address: request.ip,
    userAgent: shortened(request.headers['user-agent'] ?? '') || null,
    count: 1,
  };
}

/** Whether an entry is a refusal or comes from somebody unknown: those come in floods. */
export function mayFlood({ status, actor }: AuditEntry): boolean {
  return isRefusal(status) || actor === null;
}

/** Who acts, in the words of the log. */
export function toActor(
  principal: Principal | undefined,
): Pick<AuditEntry, 'actor' | 'actorName' | 'actorKind' | 'roles'> {
  if (!principal) return { actor: null, actorName: null, actorKind: 'anonymous', roles: [] };
  const { kind: actorKind, name, roles } = principal;
  return { actor: requesterOf(principal).by, actorName: shortened(name), actorKind, roles };
}

/** Every refusal of access, every write of people and keys, and whatever lets somebody in. */
function concerns({ principal, method }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (isRefusal(statusCode)) return true;
  const isWrite = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
  if (!isWrite) return false;
  return principal ? principal.kind !== 'machine' : statusCode < FIRST_CLIENT_ERROR;
}

/** Whether somebody was not let in, or not allowed. */
export const isRefusal = (status: number): boolean => status === UNAUTHENTICATED || status === FORBIDDEN;

function toTargets(params: unknown): Record<string, string> {
  if (typeof params !== 'object' || params === null) return {};
  const entries = Object.entries(params).filter(([name]) => name !== '*');
  return Object.fromEntries(entries.map(([name, value]) => [name, shortened(String(value))]));
}

/** Whose account somebody tries to get into. */
function toUsername({ body, routeOptions }: FastifyRequest): Record<string, string> {
  if (routeOptions.url !== ROUTES.login.path || typeof body !== 'object' || body === null) return {};
  return 'username' in body && typeof body.username === 'string' ? { username: shortened(body.username) } : {};
}

/** Storable: a path may hold a NUL, Postgres may not. */
const shortened = (text: string): string => text.slice(0, LONGEST_TEXT).replaceAll('\0', '�');
