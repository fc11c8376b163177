import { Injectable } from '@nestjs/common';
import {
  type ImportBatch,
  type ImportDto,
  type ImportEnd,
  type ImportMode,
  type ImportPlace,
  type ImportPruning,
  type ImportRef,
  MusterError,
} from '#libs/contracts';
import { entityNotFound } from '../entities/entity-not-found.js';
import { RecordWriter } from '../records/record.writer.js';
import { countsOf, reportOf, wantedOf } from './import.batch.js';
import { countBatch, countDeleted, type FoundImport, ImportRepository } from './import.repository.js';
import { ImportRowRepository, insertRows } from './import-row.repository.js';

const PRUNED_AT_ONCE = 500;

/** Undoes a batch that is stored already, or that came after the import had ended. */
class NotNext extends Error {
  override readonly name = 'NotNext';
}

/** Stores what an upload holds, batch by batch. */
@Injectable()
export class ImportService {
  constructor(
    private readonly imports: ImportRepository,
    private readonly rows: ImportRowRepository,
    private readonly writer: RecordWriter,
  ) {}

  /** @throws MusterError `ENTITY_NOT_FOUND` */
  async begin(entityId: string, mode: ImportMode, by: string): Promise<ImportDto> {
    const begun = await this.imports.insert(entityId, mode, by);
    if (!begun) throw entityNotFound(entityId);
    return begun;
  }

  /** @throws MusterError `IMPORT_NOT_FOUND` */
  async get(ref: ImportRef): Promise<ImportDto> {
    return (await this.find(ref)).dto;
  }

  /**
   * Stores a batch: its records, what became of each row, and the counts, in one transaction. A repeat of the last one
   * changes nothing. @throws MusterError `IMPORT_NOT_FOUND`, `ENTITY_NOT_FOUND`
   */
  async store({ batch, rows, ...ref }: ImportBatch): Promise<ImportDto> {
    const { dto, lastBatch } = await this.find(ref);
    if (dto.state !== 'running' || lastBatch >= batch) return dto;
    const wanted = wantedOf(ref.entity_id, rows);
    const changes = wanted.map(({ change }) => change);
    await unlessLate(
      this.writer.write(ref.entity_id, changes, async (tx, outcomes) => {
        const report = reportOf(rows, wanted, outcomes);
        if (!(await countBatch(tx, ref.import_id, batch, countsOf(report)))) throw new NotNext();
        await insertRows(tx, ref.import_id, report);
      }),
    );
    return this.get(ref);
  }

  /** Deletes the next records that are not in the upload; nothing, when a row did not say which record it is. */
  async prune(pruning: ImportPruning): Promise<ImportPlace | null> {
    if (!(await this.rows.isWhole(pruning.import_id))) return null;
    const present = await this.rows.present(pruning, PRUNED_AT_ONCE);
    const gone = present.filter(({ isImported }) => !isImported);
    const changes = gone.map(({ collection, recordId: id }) => ({ kind: 'delete', collection, id }) as const);
    if (changes.length > 0) {
      await unlessLate(
        this.writer.write(pruning.entity_id, changes, async (tx, outcomes) => {
          const deleted = outcomes.filter(({ result }) => result === 'deleted').length;
          if (!(await countDeleted(tx, pruning.import_id, deleted))) throw new NotNext();
        }),
      );
    }
    const last = present.at(-1);
    if (!last || present.length < PRUNED_AT_ONCE) return null;
    return { collection: last.collection, record_id: last.recordId };
  }

  /** @throws MusterError `IMPORT_NOT_FOUND` */
  async end(end: ImportEnd): Promise<ImportDto> {
    const { dto } = await this.find(end);
    const isKept = dto.mode === 'replace' && !(await this.rows.isWhole(end.import_id));
    const why = isKept ? { error: 'Nothing was deleted: some rows did not say which record they are.' } : {};
    await this.imports.end({ ...why, ...end });
    return this.get(end);
  }

  private async find(ref: ImportRef): Promise<FoundImport> {
    const found = await this.imports.find(ref);
    if (found) return found;
    throw new MusterError('IMPORT_NOT_FOUND', `There is no import ${ref.import_id}.`, { import_id: ref.import_id });
  }
}

/** What was undone is as good as done: the caller sees how the import stands. */
async function unlessLate(written: Promise<unknown>): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (!(error instanceof NotNext)) throw error;
  }
}
