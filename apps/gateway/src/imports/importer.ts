import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  type Collection,
  type ImportDto,
  type ImportMode,
  type ImportPlace,
  type ImportRef,
  IMPORTS_REQUESTS,
  MusterError,
  type RequestContract,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { batchesOf, type Upload } from './import.batches.js';
import { UploadProblem } from './row.splitter.js';

const BATCH_TIMEOUT_MS = 20_000;
const RETRY_DELAYS_MS = [250, 1_000, 2_000, 4_000, 8_000] as const;
const PASSING: ReadonlySet<string> = new Set(['SERVICE_UNAVAILABLE', 'NETWORK_TIMEOUT', 'OVERLOADED']);

export interface ImportOrder {
  readonly mode: ImportMode;
  readonly by: string;
}

/** Carries an upload to the service, batch by batch. A service that restarts meanwhile is waited for. */
@Injectable()
export class Importer {
  constructor(private readonly rpc: RpcClient) {}

  /**
   * Answers how the import ended.
   * @throws MusterError `ENTITY_NOT_FOUND`; what is wrong with the upload, with the import and its counts in the details
   */
  async run(upload: Upload, { mode, by }: ImportOrder): Promise<ImportDto> {
    const { entityId } = upload;
    const { import_id } = await this.rpc.ask(IMPORTS_REQUESTS.begin, { entity_id: entityId, mode, by });
    const ref = { entity_id: entityId, import_id };
    try {
      const named = new Set<Collection>();
      const last = await this.store(ref, upload, named);
      if (last && last.state !== 'running') return last;
      // An empty list names its collection, and so does each row of its own.
      if (mode === 'replace') await this.prune(ref, [...new Set([...upload.splitter.collections, ...named])]);
      return await this.ask(IMPORTS_REQUESTS.end, { ...ref, state: 'completed' });
    } catch (error) {
      throw await this.giveUp(ref, error);
    }
  }

  private async store(ref: ImportRef, upload: Upload, named: Set<Collection>): Promise<ImportDto | undefined> {
    let batch = 0;
    let last: ImportDto | undefined;
    for await (const rows of batchesOf(upload)) {
      batch++;
      for (const { collection } of rows) if (collection) named.add(collection);
      last = await this.ask(IMPORTS_REQUESTS.store, { ...ref, batch, rows });
      if (last.state !== 'running') break;
    }
    return last;
  }

  private async prune(ref: ImportRef, collections: readonly Collection[]): Promise<void> {
    let after: ImportPlace | null = null;
    do {
      const answer: { next: ImportPlace | null } = await this.ask(IMPORTS_REQUESTS.prune, {
        ...ref,
        collections,
        after,
      });
      after = answer.next;
    } while (after !== null);
  }

  /** Repeats are safe: a batch is stored once. */
  private async ask<Request, Response>(
    contract: RequestContract<Request, Response>,
    request: Request,
  ): Promise<Response> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        return await this.rpc.ask(contract, request, BATCH_TIMEOUT_MS);
      } catch (error) {
        if (!(error instanceof MusterError) || !PASSING.has(error.code)) throw error;
        await delay(delayMs);
      }
    }
    return this.rpc.ask(contract, request, BATCH_TIMEOUT_MS);
  }

  /** Marks the import as over; where that fails too, the service does it later. */
  private async giveUp(ref: ImportRef, error: unknown): Promise<unknown> {
    const isProblem = error instanceof UploadProblem;
    const message = isProblem ? error.message : 'The upload broke off.';
    try {
      const end = { ...ref, state: isProblem ? 'failed' : 'interrupted', error: message } as const;
      const { import_id, state, counts } = await this.rpc.ask(IMPORTS_REQUESTS.end, end);
      return isProblem ? new MusterError(error.code, message, { import_id, state, counts }) : error;
    } catch {
      return error;
    }
  }
}
