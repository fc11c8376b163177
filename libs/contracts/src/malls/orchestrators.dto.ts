/** Capabilities that the platform knows (ORC-007). Others are kept as they were said, and change nothing. */
export const ORCHESTRATOR_CAPABILITIES = ['task_assignment', 'firmware_distribution', 'beacon_management'] as const;

/** `unknown` until its first heartbeat. */
export const ORCHESTRATOR_PRESENCES = ['unknown', 'online', 'offline'] as const;
export type OrchestratorPresence = (typeof ORCHESTRATOR_PRESENCES)[number];

/** Seconds between two heartbeats that an orchestrator may ask for. */
export const HEARTBEAT_INTERVAL_S = { min: 1, usual: 60, max: 3_600 } as const;

/** What a heartbeat may tell an orchestrator to do (decision C39). Clients ignore the types that they do not know. */
export const ORCHESTRATOR_COMMANDS = ['resync', 'rotate_token', 'firmware_update', 'config_update', 'restart'] as const;
export type OrchestratorCommandType = (typeof ORCHESTRATOR_COMMANDS)[number];

/** Body of a registration (orchestrators.txt 1); `enrolment_secret` is decision G9. */
export interface OrchestratorRegistration {
  readonly entity_id: string;
  readonly orchestrator_id: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  /** P-256 in SPKI PEM. */
  readonly public_key: string;
  readonly heartbeat_interval: number;
  readonly local_address: string;
  readonly enrolment_secret?: string;
}

/** How a registration was signed: headers as they came. */
export interface RegistrationProof {
  /** The exact bytes of the body, in base64. */
  readonly body_base64: string;
  readonly signature: string | null;
  readonly timestamp: string | null;
  readonly nonce: string | null;
}

/** What an orchestrator may have a token for. `grant_id` is what a revocation names. */
export interface OrchestratorGrant {
  readonly entity_id: string;
  readonly orchestrator_id: string;
  readonly assigned_id: string;
  readonly grant_id: string;
  readonly initial_sync_required: boolean;
}

/** A heartbeat (7.2). `timestamp` is the orchestrator's clock; liveness is counted by ours. */
export interface OrchestratorHeartbeat {
  readonly status: string;
  readonly version?: string;
  readonly uptime_seconds?: number;
  readonly connected_robots?: number;
  readonly active_tasks?: number;
  readonly pending_tasks?: number;
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly timestamp?: string;
}

/** `command_id` is stable over repeats; the other fields depend on the type. */
export interface OrchestratorCommand {
  readonly command_id: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface HeartbeatAnswer {
  readonly acknowledged: true;
  readonly server_time: string;
  readonly next_heartbeat_seconds: number;
  readonly commands: readonly OrchestratorCommand[];
}

/** An orchestrator as people see it. Instants are ISO in UTC. */
export interface OrchestratorDto {
  readonly entity_id: string;
  readonly orchestrator_id: string;
  readonly assigned_id: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly local_address: string;
  readonly heartbeat_interval: number;
  readonly presence: OrchestratorPresence;
  readonly presence_changed_at: string | null;
  readonly last_heartbeat_at: string | null;
  /** The newest accepted heartbeat as it came. */
  readonly last_heartbeat: OrchestratorHeartbeat | null;
  readonly last_event_id: string | null;
  readonly last_event_at: string | null;
  readonly registered_at: string;
  /** False once an administrator has reset it. */
  readonly is_active: boolean;
  readonly token_expires_at: string | null;
  /** SHA-256 of the pinned key's SPKI in DER, in hex. */
  readonly key_fingerprint: string | null;
  readonly synced_at: string | null;
  readonly initial_sync_required: boolean;
}

export interface OrchestratorPage {
  readonly orchestrators: readonly OrchestratorDto[];
  readonly next: string | null;
}

/** What reached an orchestrator over its event stream, told by gateways now and then. */
export interface OrchestratorContact {
  readonly assigned_id: string;
  /** The newest durable event that was delivered. */
  readonly event_id: string;
  /** When it was delivered, ISO. */
  readonly at: string;
}

/** What an event stream must know of whoever opens it (decision C11). */
export interface StreamOpening {
  /** The last contact before now: the later of heartbeat and delivered event; null before the first. */
  readonly offline_since: string | null;
  /** Whether that is so long ago that the orchestrator must sync anew. */
  readonly is_stale: boolean;
}

/** Payload of the domain event of a presence. */
export interface OrchestratorPresenceEvent {
  readonly entity_id: string;
  readonly assigned_id: string;
  readonly presence: OrchestratorPresence;
  readonly previous: OrchestratorPresence;
  readonly last_heartbeat_at: string;
  readonly at: string;
}
