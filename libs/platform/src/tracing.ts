import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';

export interface TracingOptions {
  readonly serviceName: string;
  /** Base URL of an OTLP/HTTP collector; absent = spans are not recorded, trace ids are still made and passed on. */
  readonly otlpEndpoint?: string | undefined;
  /** Share of traces that start here and are exported, 0 to 1. */
  readonly ratio: number;
}

/**
 * Sets OpenTelemetry's globals: context through promises, W3C `traceparent` both ways, spans to the collector. Answers
 * the function that flushes and ends it.
 */
export function startTracing({ serviceName, otlpEndpoint, ratio }: TracingOptions): () => Promise<void> {
  const resource = resourceFromAttributes({ 'service.name': serviceName, 'service.namespace': 'muster' });
  const provider =
    otlpEndpoint === undefined
      ? new NodeTracerProvider({ resource, sampler: new AlwaysOffSampler() })
      : new NodeTracerProvider({
          resource,
          sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
          spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: tracesUrl(otlpEndpoint) }))],
        });
  provider.register();
  return () => provider.shutdown();
}

function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}
