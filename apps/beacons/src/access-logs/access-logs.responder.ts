import { Controller } from '@nestjs/common';
import {
  type AccessLogKeyDto,
  type AccessLogPage,
  type AccessLogReceipt,
  type AccessLogRequestDto,
  type AccessLogUpload,
  BEACONS_REQUESTS,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { PlatformKeys, published } from '../challenges/platform.keys.js';
import { LogRequestService } from './log-request.service.js';
import { type LogQuery, LogSearch } from './log.search.js';
import { UploadService } from './upload.service.js';

interface LogsWanted {
  readonly entity_id: string;
  readonly beacon_id: string;
  readonly since: string;
  readonly by: string;
  readonly idempotency_key?: string;
}

/** Answers what is asked about access logs. */
@Controller()
export class AccessLogsResponder {
  constructor(
    private readonly uploads: UploadService,
    private readonly searches: LogSearch,
    private readonly requests: LogRequestService,
    private readonly keys: PlatformKeys,
  ) {}

  @Answers(BEACONS_REQUESTS.uploadLogs)
  upload(upload: AccessLogUpload): Promise<AccessLogReceipt> {
    return this.uploads.upload(upload);
  }

  @Answers(BEACONS_REQUESTS.logKey)
  key(): AccessLogKeyDto {
    const { jwk, ...key } = published(this.keys.accessLogs);
    return { ...key, algorithm: 'RSA-OAEP-SHA256+AES-256-GCM', jwk: { ...jwk, alg: 'RSA-OAEP-256', use: 'enc' } };
  }

  @Answers(BEACONS_REQUESTS.searchLogs)
  search(query: LogQuery): Promise<AccessLogPage> {
    return this.searches.page(query);
  }

  @Answers(BEACONS_REQUESTS.requestLogs)
  request({ entity_id, beacon_id, since, by, idempotency_key }: LogsWanted): Promise<AccessLogRequestDto> {
    return this.requests.request({
      entityId: entity_id,
      beaconId: beacon_id,
      since: new Date(since),
      by,
      idempotencyKey: idempotency_key,
    });
  }

  @Answers(BEACONS_REQUESTS.logRequest)
  find({ entity_id, request_id }: { entity_id: string; request_id: string }): Promise<AccessLogRequestDto> {
    return this.requests.find(entity_id, request_id);
  }
}
