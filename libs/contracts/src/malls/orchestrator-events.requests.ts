import type {
  ConfigurationChange,
  ConfigurationDto,
  EventAckRequest,
  StoredEventAck,
} from './orchestrator-events.dto.js';
import { request } from '../requests.js';

/** Acknowledgements of events, and configurations, as the service `orchestrators` keeps them. */
export const ORCHESTRATOR_EVENTS_REQUESTS = {
  /** Idempotent: an acknowledgement that is known changes nothing. */
  ack: request<EventAckRequest, { readonly acknowledged: number }>('rpc.orchestrators.events.ack'),
  /** Acknowledgements of some events of an entity. */
  acks: request<{ readonly entity_id: string; readonly event_ids: readonly string[] }, readonly StoredEventAck[]>(
    'rpc.orchestrators.events.acks',
  ),
  configure: request<ConfigurationChange, ConfigurationDto>('rpc.orchestrators.config.set'),
  configurations: request<{ readonly entity_id: string }, readonly ConfigurationDto[]>('rpc.orchestrators.config.list'),
} as const;
