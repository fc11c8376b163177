import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  type AccessLogBatch,
  type AccessLogReceipt,
  type AccessLogUpload,
  MusterError,
  readAccessLogBatch,
} from '#libs/contracts';
import { isDataError, MicroBatch } from '#libs/database';
import { PlatformKeys } from '../challenges/platform.keys.js';
import { invalidField } from '../devices/device.errors.js';
import { AccessLogsSettings } from './access-logs.settings.js';
import { openBatch } from './batch.envelope.js';
import { LogShelf } from './log.shelf.js';
import type { Stored, Upload } from './access-log.repository.js';
import { requireStorableTimes } from './log.bounds.js';

/** Batches of one statement: 50 of the largest are 5,000 rows. */
const MAX_BATCHES = 50;

/** Takes batches of access logs, plain and encrypted. */
@Injectable()
export class UploadService implements OnApplicationShutdown {
  private readonly uploads = new MicroBatch<Upload, Stored>({
    name: 'access_log_batches',
    maxWaitMs: 0,
    maxSize: MAX_BATCHES,
    run: (uploads) => this.shelf.store(uploads),
    // A missing partition looks like bad data; the shelf has tried twice.
    splitOn: isDataError,
  });

  constructor(
    private readonly shelf: LogShelf,
    private readonly keys: PlatformKeys,
    private readonly settings: AccessLogsSettings,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.uploads.close();
  }

  /**
   * @throws MusterError `BEACON_NOT_REGISTERED`, `ACCESS_LOG_REQUEST_NOT_FOUND`, `ENTITY_ACCESS_DENIED`, `VALIDATION_FAILED`,
   * `PAYLOAD_TOO_LARGE`
   */
  async upload({ entity_id: entityId, beacon_id: onlyBeacon, content }: AccessLogUpload): Promise<AccessLogReceipt> {
    const batch = await this.read(content);
    requireSpeaker(batch, entityId, onlyBeacon);
    requireStorableTimes(batch.logs, Date.now(), this.settings.retentionDays);
    const { stored, duplicates } = await this.uploads.add({ entityId, beaconId: batch.beacon_id, batch });
    return { acknowledged: true, batch_id: batch.batch_id, stored, duplicates };
  }

  private async read(content: AccessLogUpload['content']): Promise<AccessLogBatch> {
    if ('encrypted' in content)
      return readAccessLogBatch(await openBatch(content.encrypted, this.keys.accessLogs.privateKey));
    if (!this.settings.encryptionRequired) return content.batch;
    throw invalidField(
      'encrypted',
      'is required: access logs must be encrypted with the key of /.well-known/access-log-key.json',
    );
  }
}

/** What an encrypted batch says inside must agree with who sent it, too. */
function requireSpeaker(batch: AccessLogBatch, entityId: string, onlyBeacon: string | undefined): void {
  const isOwnEntity = batch.entity_id === null || batch.entity_id === entityId;
  if (isOwnEntity && (onlyBeacon === undefined || onlyBeacon === batch.beacon_id)) return;
  throw new MusterError('ENTITY_ACCESS_DENIED', 'The batch is of another entity or beacon than the token.', {});
}
