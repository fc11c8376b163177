import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, trace } from '@opentelemetry/api';
import { startTracing } from './tracing.js';

interface Export {
  readonly path: string | undefined;
  readonly body: string;
}

describe('tracing', () => {
  const exported: Export[] = [];
  let collector: Server;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        exported.push({ path: request.url, body });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => new Promise((resolve) => collector.close(resolve)));

  it('exports spans to the collector, at the latest when the process ends', async () => {
    const otlpEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
    const stop = startTracing({ serviceName: 'robots', otlpEndpoint, ratio: 1 });
    const tracer = trace.getTracer('spec');
    await tracer.startActiveSpan('outer', async (outer) => {
      await Promise.resolve();
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      expect(carrier.traceparent).toContain(outer.spanContext().traceId);
      const continued = trace.getSpanContext(propagation.extract(context.active(), carrier));
      expect(continued?.spanId).toBe(outer.spanContext().spanId);
      outer.end();
    });
    await stop();
    expect(exported).toHaveLength(1);
    expect(exported[0]?.path).toBe('/v1/traces');
    expect(exported[0]?.body).toContain('"name":"outer"');
    expect(exported[0]?.body).toContain('robots');
  });
});
