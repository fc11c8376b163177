import type {
  HeartbeatAnswer,
  OrchestratorCommand,
  OrchestratorContact,
  OrchestratorDto,
  OrchestratorGrant,
  OrchestratorHeartbeat,
  OrchestratorPage,
  OrchestratorRegistration,
  RegistrationProof,
  StreamOpening,
} from './orchestrators.dto.js';
import { request } from '../requests.js';

interface OfEntity {
  readonly entity_id: string;
}
interface OfOrchestrator extends OfEntity {
  readonly assigned_id: string;
}

/** What the gateway and other services ask about orchestrators. */
export const ORCHESTRATORS_REQUESTS = {
  register: request<
    {
      registration: OrchestratorRegistration;
      proof: RegistrationProof;
      idempotency_key?: string;
      token_life_s: number;
    },
    OrchestratorGrant
  >('rpc.orchestrators.register'),
  /** Counts a token that is about to be issued; refused with `AUTH_INVALID_TOKEN` when the grant is over. */
  renew: request<OfEntity & { grant_id: string; token_life_s: number }, OrchestratorGrant>('rpc.orchestrators.renew'),
  heartbeat: request<
    OfOrchestrator & {
      heartbeat: OrchestratorHeartbeat;
      acked_command_ids?: readonly string[];
      /** How long before its end a token is due for a new one. */
      token_due_s: number;
    },
    HeartbeatAnswer
  >('rpc.orchestrators.heartbeat'),
  /** Whoever calls it says that heartbeats could be heard until now: without it silence proves nothing. */
  listening: request<Record<string, never>, { ok: true }>('rpc.orchestrators.listening'),
  contacts: request<{ contacts: readonly OrchestratorContact[] }, { ok: true }>('rpc.orchestrators.contacts'),
  opening: request<{ assigned_id: string }, StreamOpening>('rpc.orchestrators.opening'),
  /** A full sync was read to its end. */
  noteSynced: request<OfOrchestrator, { ok: true }>('rpc.orchestrators.note-synced'),
  list: request<{ limit: number; after?: string }, OrchestratorPage>('rpc.orchestrators.list'),
  get: request<OfEntity, OrchestratorDto>('rpc.orchestrators.get'),
  /** Ends the grants, unpins the keys and opens the entity for enrolment. */
  reset: request<OfEntity, { grant_ids: readonly string[]; enrolment_secret: string }>('rpc.orchestrators.reset'),
  command: request<OfEntity & { type: string; body: Readonly<Record<string, unknown>> }, OrchestratorCommand>(
    'rpc.orchestrators.command',
  ),
} as const;
