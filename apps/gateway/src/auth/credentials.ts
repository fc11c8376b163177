import type { Principal } from '#libs/auth';

/** What a caller shows, from the headers of a request or the handshake of a socket. */
export interface Credentials {
  /** The Authorization header. */
  readonly authorization?: string | undefined;
  /** A bare access token, where no header can be sent. */
  readonly token?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly apiSecret?: string | undefined;
}

/** One way of proving who one is. */
export interface CredentialVerifier {
  /** Says who the credentials prove, or undefined when they are none of this kind. Rejects when they are, and wrong. */
  verify(credentials: Credentials): Promise<Principal> | undefined;
}
