import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority of a test, with its files in a directory of the test. */
export class TestAuthority {
  private constructor(
    private readonly directory: string,
    private readonly own: CertificateFiles,
  ) {}

  static create(directory: string, name = 'ca'): TestAuthority {
    const own = filesIn(directory, name);
    openssl(['-subj', `/CN=${name}`], own);
    return new TestAuthority(directory, own);
  }

  get caFile(): string {
    return this.own.certFile;
  }

  get ca(): Buffer {
    return readFileSync(this.own.certFile);
  }

  /** A certificate for 127.0.0.1 and localhost, or for a client of that name. */
  issue(name: string): CertificateFiles {
    const files = filesIn(this.directory, name);
    const { certFile, keyFile } = this.own;
    const signer = ['-CA', certFile, '-CAkey', keyFile];
    openssl([...signer, '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'], files);
    return files;
  }
}

function filesIn(directory: string, name: string): CertificateFiles {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

function openssl(more: readonly string[], { certFile, keyFile }: CertificateFiles): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', certFile, ...more], { stdio: 'pipe' });
}
