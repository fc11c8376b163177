import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { Principal } from '#libs/auth';

/** What the hub knows of a socket. */
export interface HubSocketData {
  /** Set by the handshake, before anything else sees the socket. */
  principal?: Principal;
}

export type HubClient = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, HubSocketData>;
export type HubSpace = Namespace<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, HubSocketData>;
