import type { SampleDto } from '#libs/contracts';
import { writerOf, type ExportFormat } from './export.format.js';

const SAMPLE: SampleDto = {
  robotId: 'RB-001',
  receivedAt: '2026-11-20T10:00:00.120Z',
  sampleId: '0193a1b2-c3d4-8000-8000-00000000002a',
  sentAt: '2026-11-20T10:00:00.100Z',
  messageId: '5f0c2b1e-8c1c-4b7a-9a3e-1d2c3b4a5f60',
  payload: { battery: 81.5 },
};

/** Media type → what an export looks like, for the API documents. */
export const EXPORT_EXAMPLES = {
  'text/csv': exampleOf('csv'),
  'application/x-ndjson': exampleOf('ndjson'),
} as const;

function exampleOf(format: ExportFormat): string {
  const writer = writerOf(format, ['battery']);
  return writer.header + writer.lines([SAMPLE]);
}
