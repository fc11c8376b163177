import { Injectable } from '@nestjs/common';
import { type ImportPage, type ImportRef, type ImportResult, type ImportRowPage, isUuid } from '#libs/contracts';
import { EntityRepository } from '../entities/entity.repository.js';
import { foreignCursor, ROWS_PER_REPLY, whatFits } from '../entities/reply.page.js';
import { ImportRepository } from './import.repository.js';
import { ImportRowRepository } from './import-row.repository.js';
import { ImportService } from './import.service.js';

const ROW = /^(0|[1-9]\d{0,8})$/;

interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** Shows imports and what became of their rows, page by page. */
@Injectable()
export class ImportReports {
  constructor(
    private readonly imports: ImportRepository,
    private readonly rows: ImportRowRepository,
    private readonly service: ImportService,
    private readonly entities: EntityRepository,
  ) {}

  /** @throws MusterError `ENTITY_NOT_FOUND`, `CURSOR_INVALID` */
  async list(entityId: string, { limit, after }: Paging): Promise<ImportPage> {
    if (after !== undefined && !isUuid(after)) throw foreignCursor(after);
    const wanted = Math.min(limit, ROWS_PER_REPLY);
    const found = await this.imports.list(entityId, after, wanted + 1);
    if (found.length === 0) await this.entities.get(entityId);
    const imports = whatFits(found.slice(0, wanted));
    return { imports, next: found.length > imports.length ? (imports.at(-1)?.import_id ?? null) : null };
  }

  /** @throws MusterError `IMPORT_NOT_FOUND`, `CURSOR_INVALID` */
  async page(ref: ImportRef, { limit, after = '0' }: Paging, result?: ImportResult): Promise<ImportRowPage> {
    if (!ROW.test(after)) throw foreignCursor(after);
    await this.service.get(ref);
    const found = await this.rows.list(ref.import_id, Number(after), Math.min(limit, MAX_ROWS) + 1, result);
    const rows = whatFits(found.slice(0, Math.min(limit, MAX_ROWS)));
    return { rows, next: found.length > rows.length ? String(rows.at(-1)?.row) : null };
  }
}

/** Reports are short. */
const MAX_ROWS = 1_000;
