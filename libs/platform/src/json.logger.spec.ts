import { Logger } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { JsonLogger } from './json.logger.js';
import { withLogFields } from '#libs/jetstream';
import { startTracing } from './tracing.js';

type Line = Readonly<Record<string, unknown>>;

function capture(level: 'debug' | 'warn' = 'debug'): { readonly logger: JsonLogger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { logger: new JsonLogger({ component: 'robots', level, destination }), lines };
}

describe('JsonLogger', () => {
  let stopTracing: () => Promise<void>;
  beforeAll(() => {
    stopTracing = startTracing({ serviceName: 'spec', ratio: 0 });
  });
  afterAll(() => stopTracing());

  it('ORC-111 a line is JSON with timestamp, level, component, event and the fields of the call', () => {
    const { logger, lines } = capture();
    logger.log({ event: 'data_sync_completed', durationMs: 1500, recordsSynced: 15, entityId: 'mall-a' }, 'Sync');
    expect(lines[0]).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'INFO',
      component: 'robots',
      logger: 'Sync',
      event: 'data_sync_completed',
      duration_ms: 1500,
      records_synced: 15,
      entity_id: 'mall-a',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('ORC-112 levels are the five in upper case, and a minimum hides the lower ones', () => {
    const { logger, lines } = capture();
    for (const level of ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const) {
      logger[level](level);
    }
    expect(lines.map(({ level }) => level)).toEqual(['DEBUG', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']);
    const quiet = capture('warn');
    quiet.logger.log('hidden');
    quiet.logger.warn('shown');
    expect(quiet.lines.map(({ message }) => message)).toEqual(['shown']);
  });

  it('carries request id and trace id through promises', async () => {
    const { logger, lines } = capture();
    const span = trace.getTracer('spec').startSpan('work');
    await trace.getTracer('spec').startActiveSpan('work', async () =>
      withLogFields({ request_id: 'req-1' }, () =>
        withLogFields({ correlation_id: 'cor-1' }, async () => {
          await Promise.resolve();
          logger.log('inside');
        }),
      ),
    );
    logger.log('outside');
    span.end();
    expect(lines[0]).toMatchObject({
      request_id: 'req-1',
      correlation_id: 'cor-1',
      trace_id: expect.stringMatching(/^[\da-f]{32}$/),
    });
    expect(lines[1]).not.toHaveProperty('request_id');
  });

  it('writes an error with its cause and code, without what drivers hang on it', () => {
    const { logger, lines } = capture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', client: { password: 'word' } });
    logger.error(new Error('could not store', { cause }), 'Repository');
    expect(lines[0]).toMatchObject({
      level: 'ERROR',
      logger: 'Repository',
      message: 'could not store',
      error: { name: 'Error', cause: { message: 'refused', code: 'ECONNREFUSED' } },
    });
    expect(JSON.stringify(lines[0])).not.toContain('word');
  });

  it('takes the calls of Nest: text, stack and name', () => {
    const { logger, lines } = capture();
    Logger.overrideLogger(logger);
    new Logger('Ingest').error('failed', 'Error: failed\n    at somewhere');
    Logger.overrideLogger(false);
    expect(lines[0]).toMatchObject({ message: 'failed', stack: 'Error: failed\n    at somewhere', logger: 'Ingest' });
  });
});
