import { ImportReports } from './import.reports.js';
import { ImportRepository } from './import.repository.js';
import { ImportRowRepository } from './import-row.repository.js';
import { ImportService } from './import.service.js';
import { ImportSweeper } from './import.sweeper.js';

/** Bulk imports, in the order of the flow. */
export const IMPORTS = [ImportService, ImportReports, ImportRepository, ImportRowRepository, ImportSweeper];
