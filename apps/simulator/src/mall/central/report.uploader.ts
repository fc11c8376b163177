import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { ROUTES } from '#libs/contracts';
import { type Log, reasonOf } from '../../log.js';
import { encryptBatch } from '../beacons/access.log.js';
import type { QueuedReport } from '../store/upload.queue.js';
import { CentralAwayError, type CentralClient } from './central.client.js';

const Results = Compile(
  Type.Object({
    results: Type.Array(
      Type.Object({ id: Type.Optional(Type.String()), status: Type.String(), http_status: Type.Integer() }),
    ),
  }),
);
const Key = Compile(Type.Object({ public_key: Type.String() }));

const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;

/** Brings queued reports to the central server, access logs encrypted with its key (orchestrators.txt 8.3). */
export class ReportUploader {
  private publicKeyPem: string | undefined;

  constructor(
    private readonly central: CentralClient,
    private readonly entityId: string,
    private readonly log: Log,
  ) {}

  /** Answers the ids of what is done: stored, or refused in a way that no repeat would change. */
  async upload(reports: readonly QueuedReport[]): Promise<readonly string[]> {
    try {
      const items = await Promise.all(reports.map((report) => this.toItem(report)));
      const answer = await this.central.post(ROUTES.orchestratorsBatch.path, { items });
      if (!Results.Check(answer)) throw new TypeError('the results of the batch cannot be read');
      const refused = answer.results.filter(({ status }) => status !== 'ok');
      if (refused.length > 0) this.log.warn('reports_refused', { results: refused.slice(0, 5), count: refused.length });
      return answer.results.flatMap(({ id, status, http_status }) =>
        id !== undefined && (status === 'ok' || isFinal(http_status)) ? [id] : [],
      );
    } catch (error) {
      if (!(error instanceof CentralAwayError)) this.log.error('upload_failed', { message: reasonOf(error) });
      return [];
    }
  }

  private async toItem({ id, type, body }: QueuedReport): Promise<object> {
    const own = { entity_id: this.entityId, ...body };
    if (type !== 'access_logs') return { id, type, body: own };
    return { id, type, body: { encrypted: encryptBatch(own, await this.key()) } };
  }

  private async key(): Promise<string> {
    if (this.publicKeyPem === undefined) {
      const answer = await this.central.get(ROUTES.accessLogKey.path);
      if (!Key.Check(answer)) throw new TypeError('the key for access logs cannot be read');
      this.publicKeyPem = answer.public_key;
    }
    return this.publicKeyPem;
  }
}

const isFinal = (status: number): boolean => status !== TOO_MANY_REQUESTS && status < SERVER_ERRORS;
