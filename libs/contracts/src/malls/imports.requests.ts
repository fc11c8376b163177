import type {
  ImportBatch,
  ImportDto,
  ImportEnd,
  ImportMode,
  ImportPage,
  ImportPlace,
  ImportPruning,
  ImportRef,
  ImportResult,
  ImportRowPage,
} from './imports.dto.js';
import { request } from '../requests.js';

interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** Bulk imports, row by row as the gateway reads them. */
export const IMPORTS_REQUESTS = {
  begin: request<{ readonly entity_id: string; readonly mode: ImportMode; readonly by: string }, ImportDto>(
    'rpc.orchestrators.imports.begin',
  ),
  /** Stores a batch in one transaction; the answer says whether the import still runs. */
  store: request<ImportBatch, ImportDto>('rpc.orchestrators.imports.store'),
  /** `next` is null when nothing is left to delete. */
  prune: request<ImportPruning, { readonly next: ImportPlace | null }>('rpc.orchestrators.imports.prune'),
  end: request<ImportEnd, ImportDto>('rpc.orchestrators.imports.end'),
  get: request<ImportRef, ImportDto>('rpc.orchestrators.imports.get'),
  list: request<{ readonly entity_id: string } & Paging, ImportPage>('rpc.orchestrators.imports.list'),
  rows: request<ImportRef & Paging & { readonly result?: ImportResult }, ImportRowPage>(
    'rpc.orchestrators.imports.rows',
  ),
} as const;
