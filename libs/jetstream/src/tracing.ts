import { context, type Context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';

const tracer = trace.getTracer('muster.broker');

const setter = { set: (carrier: MsgHdrs, key: string, value: string): void => carrier.set(key, value) };
const getter = {
  get: (carrier: MsgHdrs, key: string): string => carrier.get(key),
  keys: (carrier: MsgHdrs): string[] => carrier.keys(),
};

/** Writes the current trace into message headers (W3C `traceparent`); makes headers when there are none. */
export function injectTrace(carrier: MsgHdrs = newHeaders()): MsgHdrs {
  propagation.inject(context.active(), carrier, setter);
  return carrier;
}

/** The trace that a message belongs to, as context for what handles it. */
export function extractTrace(carrier: MsgHdrs | undefined): Context {
  return carrier ? propagation.extract(context.active(), carrier, getter) : context.active();
}

/** Runs `work` in a span of its own; a failure is recorded in the span and thrown on. */
export async function inSpan<T>(
  name: string,
  options: { kind: SpanKind; parent?: Context; attributes?: Record<string, string | number> },
  work: () => Promise<T>,
): Promise<T> {
  const { kind, parent = context.active(), attributes = {} } = options;
  return tracer.startActiveSpan(name, { kind, attributes }, parent, async (span: Span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

export { SpanKind };
