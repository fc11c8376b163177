import type { JsonObject } from '../robots/envelope.js';
import type { OrchestratorEventName } from '../events.js';

const EVENT_ID = /^evt-(0|[1-9]\d{0,15})$/;

/** Whether `value` has the form of an event's id, `evt-<number>`. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value);
}

/** What `connected` carries: the first event of every stream (decision C13). */
export interface ConnectedNotice {
  /** One per connection. */
  readonly connection_id: string;
  readonly server_time: string;
  /** From where the stream goes on; null when there is no such place yet. */
  readonly last_event_id: string | null;
}

/** Why an orchestrator must read everything anew. */
export type OrchestratorResyncReason =
  'offline_too_long' | 'cursor_unreadable' | 'cursor_too_old' | 'gap_too_large' | 'cursor_foreign';

/** What `resync_required` carries (decision C13). */
export interface ResyncRequiredNotice {
  readonly reason: OrchestratorResyncReason;
  readonly entity_id: string;
  /** Since when nothing was heard of the orchestrator; null when it was never heard. */
  readonly offline_since: string | null;
}

/** An acknowledgement as an orchestrator sends it, with what the gateway knows of the event. */
export interface EventAck {
  readonly event_id: string;
  /** In the orchestrator's words: `applied`, `failed`, …; `acknowledged` when it says nothing else. */
  readonly status: string;
  readonly error?: string | null;
  /** Read from the event itself. */
  readonly event?: OrchestratorEventName;
  /** Of `config_update`. */
  readonly config?: { readonly type: string; readonly version: number };
}

export interface EventAckRequest {
  readonly entity_id: string;
  /** The assigned id. */
  readonly orchestrator_id: string;
  readonly acks: readonly EventAck[];
}

/** An acknowledgement as it is kept; the first one of an orchestrator counts, unless a later one says otherwise. */
export interface StoredEventAck {
  readonly event_id: string;
  readonly orchestrator_id: string;
  readonly status: string;
  readonly error: string | null;
  readonly acknowledged_at: string;
}

/** An event of an entity, with who acknowledged it. */
export interface EntityEventDto {
  readonly event_id: string;
  readonly event: OrchestratorEventName;
  readonly data: JsonObject;
  /** When the broker stored it. */
  readonly created_at: string;
  readonly acks: readonly Omit<StoredEventAck, 'event_id'>[];
}

export interface EntityEventPage {
  /** Newest first. */
  readonly events: readonly EntityEventDto[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** A configuration as it was last sent to an entity's orchestrator. */
export interface ConfigurationDto {
  readonly type: string;
  readonly config: JsonObject;
  /** Rises for each entity and type, by one unless more was wanted. */
  readonly version: number;
  readonly updated_at: string;
  readonly updated_by: string;
  /** Of this version; null while nobody acknowledged it. */
  readonly acknowledgement: Omit<StoredEventAck, 'event_id'> | null;
}

export interface ConfigurationChange {
  readonly entity_id: string;
  readonly type: string;
  readonly config: JsonObject;
  /** A higher number than the next one may be chosen. */
  readonly version?: number;
  readonly by: string;
  /** A repeat within 24 hours finds what was stored. */
  readonly idempotency_key?: string;
}
