import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MusterError, type StoredFile } from '#libs/contracts';
import { FileBucket } from '#libs/jetstream';
import { ReleaseKeys } from './release.keys.js';

export interface SignedFile extends StoredFile {
  readonly signature: string;
  readonly keyId: string;
}

/** Reads a stored file once more: that it is what was uploaded, and to sign it. */
@Injectable()
export class FileChecker {
  constructor(
    private readonly files: FileBucket,
    private readonly keys: ReleaseKeys,
  ) {}

  /** @throws MusterError `SERVICE_UNAVAILABLE` when the store gives back something else. */
  async sign(file: StoredFile): Promise<SignedFile> {
    const hash = createHash('sha256');
    const signature = await this.keys.sign();
    for await (const chunk of this.files.read(file.object_name)) {
      hash.update(chunk);
      signature.update(chunk);
    }
    if (`sha256:${hash.digest('hex')}` !== file.checksum) {
      throw new MusterError('SERVICE_UNAVAILABLE', 'The file was damaged on its way to the store. Upload it again.');
    }
    return { ...file, signature: signature.end(), keyId: signature.keyId };
  }
}
