import { MusterError } from '#libs/contracts';
import { invalid } from './signature.check.js';

const DAY_MS = 86_400_000;

/** What is known before a registration whose signature fits the key that it brings. */
export interface Enrolment {
  /** The requested id, for messages. */
  readonly orchestratorId: string;
  /** The key that signed. */
  readonly fingerprint: string;
  /** Whether the body carries the entity's unspent enrolment secret. */
  readonly hasSecret: boolean;
  /** Of the key that was provided for the entity beforehand. */
  readonly providedFingerprint: string | null;
  readonly trustsFirstUse: boolean;
  /** The entity's orchestrator in charge, if another one than this. */
  readonly otherActiveId: string | null;
  readonly known: KnownOrchestrator | null;
}

/** The orchestrator as it was registered before. */
export interface KnownOrchestrator {
  /** Null after a reset. */
  readonly fingerprint: string | null;
  readonly isActive: boolean;
  readonly registeredAt: Date;
  readonly tokenExpiresAt: Date;
}

/** Why a registration is believed; `secret` spends the secret. */
export type Trust = 'pinned' | 'provided' | 'secret' | 'firstUse';

/**
 * Whether a registration succeeds, in the order in which reasons against it are told: another orchestrator is in charge
 * (ORC-120), the key is not trusted (decision C3), or it registered within 24 hours and its token is good (C1).
 * @throws MusterError `ORCHESTRATOR_ACTIVE`, `AUTH_INVALID_SIGNATURE` or `RATE_LIMIT_EXCEEDED`
 */
export function judgeRegistration(enrolment: Enrolment, nowMs: number): Trust {
  const { otherActiveId, orchestratorId, known } = enrolment;
  if (otherActiveId !== null) {
    throw new MusterError(
      'ORCHESTRATOR_ACTIVE',
      `The entity's orchestrator is ${otherActiveId}; an administrator has to reset it before ${orchestratorId} can register.`,
    );
  }
  const trust = trustOf(enrolment);
  if (!trust)
    throw invalid('This key is not the one that is expected, and the entity is not open for enrolment with it.');
  if (known?.isActive) refuseTooSoon(known, nowMs);
  return trust;
}

function trustOf({ known, fingerprint, ...enrolment }: Enrolment): Trust | undefined {
  if (known && known.fingerprint !== null) return known.fingerprint === fingerprint ? 'pinned' : undefined;
  if (enrolment.providedFingerprint === fingerprint) return 'provided';
  if (enrolment.hasSecret) return 'secret';
  return enrolment.trustsFirstUse && enrolment.providedFingerprint === null ? 'firstUse' : undefined;
}

function refuseTooSoon({ registeredAt, tokenExpiresAt }: KnownOrchestrator, nowMs: number): void {
  const againAtMs = Math.min(registeredAt.getTime() + DAY_MS, tokenExpiresAt.getTime());
  if (againAtMs <= nowMs) return;
  const retryAfterSeconds = Math.ceil((againAtMs - nowMs) / 1000);
  throw new MusterError(
    'RATE_LIMIT_EXCEEDED',
    'This orchestrator registered within the last 24 hours and its token is good; refresh the token instead.',
    { limit: 1, retryAfterSeconds },
  );
}
