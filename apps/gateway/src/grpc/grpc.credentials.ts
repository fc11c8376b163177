import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerTls, TlsMaterial } from '#libs/platform';

/** TLS of the platform for gRPC: renewed certificates are taken, and with a client CA every client shows its own (ORC-089). */
export class TlsCredentials extends ServerCredentials {
  constructor(tls: ServerTls, material: TlsMaterial) {
    const isMutual = material.ca !== undefined || material.rejectUnauthorized;
    super({ requestCert: isMutual, rejectUnauthorized: isMutual }, contextOf(material));
    tls.onChange((renewed) => this.updateSecureContextOptions(contextOf(renewed)));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, ca, minVersion, ciphers }: TlsMaterial) {
  return { cert, key, minVersion, ciphers, ...(ca && { ca }) };
}
