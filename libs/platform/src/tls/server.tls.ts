import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Logger } from '@nestjs/common';
import { ConfigError } from '../config.js';
import { TlsSettings } from './tls.settings.js';

/** What a server needs to speak TLS, in the words of `node:tls`. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Where client certificates come from; absent = the system's authorities. */
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list. */
  readonly ciphers: string;
}

/** The suites of TLS 1.3, and the four of decision A22 for where 1.2 is allowed. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

/** By asking, not by inotify: certificates arrive as links that change their target. */
const LOOK_EVERY_MS = 1_000;

/** The certificates of the process's servers, as the settings name them; renewed ones are taken while it runs. */
export class ServerTls {
  private readonly logger = new Logger('Tls');
  private readonly listeners = new Set<(material: TlsMaterial) => void>();
  private material: TlsMaterial | undefined;

  private constructor(private readonly settings?: TlsSettings) {
    if (settings === undefined) return;
    settings.check();
    this.material = read(settings);
    for (const file of filesOf(settings)) {
      watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, this.reload);
    }
  }

  /** A process without TLS. */
  static none(): ServerTls {
    return new ServerTls();
  }

  /** @throws ConfigError when the files cannot be used. Without files it is {@link none}. */
  static load(settings = new TlsSettings()): ServerTls {
    return new ServerTls(settings);
  }

  /** What servers are made with; undefined = speak plain HTTP. */
  get current(): TlsMaterial | undefined {
    return this.material;
  }

  /** Calls with what a server should go on with; answers the function that ends it. */
  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Watches no more. */
  close(): void {
    this.listeners.clear();
    for (const file of this.settings === undefined ? [] : filesOf(this.settings)) unwatchFile(file, this.reload);
  }

  /** Certificate and key change one after the other: what does not belong together is left until it does. */
  private readonly reload = (): void => {
    if (this.settings === undefined) return;
    try {
      const material = read(this.settings);
      if (material === undefined) return;
      this.material = material;
      for (const listener of this.listeners) listener(material);
      this.logger.log({ event: 'tls_certificates_reloaded' });
    } catch (error) {
      this.logger.warn({ event: 'tls_certificates_not_reloaded', error });
    }
  };
}

function filesOf({ certFile, keyFile, clientCaFile }: TlsSettings): string[] {
  return [certFile, keyFile, clientCaFile].filter((file) => file !== undefined);
}

function read({ certFile, keyFile, clientCaFile, clientAuth, minVersion }: TlsSettings): TlsMaterial | undefined {
  if (certFile === undefined || keyFile === undefined) return undefined;
  try {
    const material = {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ...(clientCaFile === undefined ? {} : { ca: readFileSync(clientCaFile) }),
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
      minVersion,
      ciphers: CIPHERS,
    };
    createSecureContext(material);
    return material;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`TLS_CERT_FILE, TLS_KEY_FILE or TLS_CLIENT_CA_FILE cannot be used: ${why}.`]);
  }
}
