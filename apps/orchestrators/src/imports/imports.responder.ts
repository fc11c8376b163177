import { Controller } from '@nestjs/common';
import {
  type ImportBatch,
  type ImportDto,
  type ImportEnd,
  type ImportMode,
  type ImportPage,
  type ImportPlace,
  type ImportPruning,
  type ImportRef,
  type ImportResult,
  type ImportRowPage,
  IMPORTS_REQUESTS,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { ImportReports } from './import.reports.js';
import { ImportService } from './import.service.js';

interface Paging {
  readonly limit: number;
  readonly after?: string;
}

@Controller()
export class ImportsResponder {
  constructor(
    private readonly imports: ImportService,
    private readonly reports: ImportReports,
  ) {}

  @Answers(IMPORTS_REQUESTS.begin)
  begin({ entity_id, mode, by }: { entity_id: string; mode: ImportMode; by: string }): Promise<ImportDto> {
    return this.imports.begin(entity_id, mode, by);
  }

  @Answers(IMPORTS_REQUESTS.store)
  store(batch: ImportBatch): Promise<ImportDto> {
    return this.imports.store(batch);
  }

  @Answers(IMPORTS_REQUESTS.prune)
  async prune(pruning: ImportPruning): Promise<{ next: ImportPlace | null }> {
    return { next: await this.imports.prune(pruning) };
  }

  @Answers(IMPORTS_REQUESTS.end)
  end(end: ImportEnd): Promise<ImportDto> {
    return this.imports.end(end);
  }

  @Answers(IMPORTS_REQUESTS.get)
  get(ref: ImportRef): Promise<ImportDto> {
    return this.imports.get(ref);
  }

  @Answers(IMPORTS_REQUESTS.list)
  list({ entity_id, ...paging }: { entity_id: string } & Paging): Promise<ImportPage> {
    return this.reports.list(entity_id, paging);
  }

  @Answers(IMPORTS_REQUESTS.rows)
  rows({ result, limit, after, ...ref }: ImportRef & Paging & { result?: ImportResult }): Promise<ImportRowPage> {
    return this.reports.page(ref, { limit, ...(after === undefined ? {} : { after }) }, result);
  }
}
