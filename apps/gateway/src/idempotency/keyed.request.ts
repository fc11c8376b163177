import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { HTTP_HEADERS, type RouteName } from '#libs/contracts';
import '../auth/guards/request.principal.js';
import { readIdempotencyKey } from './idempotency.key.js';
import '../http/json.body.js';
import { routeOf } from '../http/route.names.js';
import { RequestSecrets } from './answer.seal.js';

/** Routes with rules of their own for repeats: commands remember their keys, tokens are rotated, passwords are slow. */
const OWN_RULES: ReadonlySet<RouteName> = new Set(['commandsSend', 'commandsSendBatch', 'login', 'refresh', 'logout']);

/** Proofs in headers: on a public route only who shows the same proof again may see the answer again. */
const PROOFS = [HTTP_HEADERS.signature, HTTP_HEADERS.timestamp, HTTP_HEADERS.nonce, 'authorization'] as const;

/** A request whose repeats are to be answered as it was. */
export interface KeyedRequest {
  readonly secrets: RequestSecrets;
  readonly fingerprint: Buffer;
  /** Whether the caller proved who it is; else only what succeeded is kept, so that nobody can fill the table. */
  readonly isProven: boolean;
}

/**
 * A request that writes and has an X-Idempotency-Key (decision C35); undefined for every other, and for bodies that are not
 * JSON: uploads are streamed, and known by their content.
 * @throws MusterError `VALIDATION_FAILED` for a key that is none.
 */
export function keyedRequest(request: FastifyRequest): KeyedRequest | undefined {
  const found = routeOf(request);
  if (!found || found.route.method === 'GET' || OWN_RULES.has(found.name)) return undefined;
  const key = readIdempotencyKey(request.headers[HTTP_HEADERS.idempotencyKey]);
  const bodySha256 = request.bodySha256 ?? digestOfNothing(request);
  if (key === undefined || bodySha256 === undefined) return undefined;
  const secrets = new RequestSecrets({ scope: scopeOf(request), route: found.name, key });
  return {
    secrets,
    fingerprint: secrets.fingerprint([request.method, request.url, bodySha256]),
    isProven: request.principal !== undefined,
  };
}

/** Digest of no body at all; undefined when there is one that was not read as JSON. */
function digestOfNothing({ headers }: FastifyRequest): string | undefined {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody ? undefined : '';
}

function scopeOf({ principal, body, headers, ip }: FastifyRequest): string {
  if (principal) return scopeOfCaller(principal);
  const proof = createHash('sha256')
    .update(JSON.stringify(PROOFS.map((name) => headers[name] ?? null)))
    .digest('base64url');
  return `public:${JSON.stringify([claimedIdentity(body) ?? ip, proof])}`;
}

/** One name for one caller, whatever it is. */
export function scopeOfCaller({ kind, id, scope }: Principal): string {
  return scope ? JSON.stringify([scope.role, scope.entityId, id]) : `${kind}:${id}`;
}

function claimedIdentity(body: unknown): readonly unknown[] | undefined {
  if (typeof body !== 'object' || body === null || !('entity_id' in body)) return undefined;
  return [body.entity_id, 'orchestrator_id' in body ? body.orchestrator_id : null];
}
