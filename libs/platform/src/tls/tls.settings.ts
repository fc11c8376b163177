import { ConfigError, settings } from '../config.js';
import { existingFile, oneOf } from '../config-variables.js';

const Settings = settings({
  certFile: existingFile('TLS_CERT_FILE', {
    hint: 'the path of the certificate chain in PEM: the gateway then listens with HTTPS; a new file is taken without a restart',
  }),
  keyFile: existingFile('TLS_KEY_FILE', { hint: 'the path of the private key in PEM that belongs to TLS_CERT_FILE' }),
  clientCaFile: existingFile('TLS_CLIENT_CA_FILE', {
    hint: 'the path of the certificates in PEM that client certificates must come from',
  }),
  clientAuth: oneOf('TLS_CLIENT_AUTH', ['none', 'request', 'require'], {
    default: 'none',
    hint: 'none; request to ask clients for a certificate; require to refuse those without a trusted one',
  }),
  minVersion: oneOf('TLS_MIN_VERSION', ['TLSv1.3', 'TLSv1.2'], {
    default: 'TLSv1.3',
    hint: 'TLSv1.3, or TLSv1.2 for clients that cannot do better (decision A22)',
  }),
});

/** Whether and how the front door speaks TLS (orchestrators.txt 8.3). */
export class TlsSettings extends Settings {
  /** @throws ConfigError for files and modes that make no sense together. */
  check(): void {
    const problems: string[] = [];
    if (this.certFile !== undefined && this.keyFile === undefined)
      problems.push('TLS_KEY_FILE is missing beside TLS_CERT_FILE.');
    if (this.keyFile !== undefined && this.certFile === undefined)
      problems.push('TLS_CERT_FILE is missing beside TLS_KEY_FILE.');
    if (this.clientAuth !== 'none' && this.certFile === undefined) {
      problems.push(`TLS_CLIENT_AUTH is ${this.clientAuth} and needs TLS_CERT_FILE and TLS_KEY_FILE.`);
    }
    if (this.clientAuth === 'require' && this.clientCaFile === undefined) {
      problems.push('TLS_CLIENT_CA_FILE is missing: TLS_CLIENT_AUTH=require trusts nobody without it.');
    }
    if (problems.length > 0) throw new ConfigError(problems);
  }
}
