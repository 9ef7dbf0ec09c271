import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Logger } from '../logger.ts';
import {
  childTraceparent,
  currentTraceparent,
  formatTraceparent,
  parseTraceparent,
  runWithTraceparent,
  runWithTraceparents,
} from './traceparent.ts';

export type SpanKindName = 'server' | 'client' | 'producer' | 'consumer' | 'internal';

export interface SpanOptions {
  kind?: SpanKindName;
  /** The parent; without it the span continues the current trace or begins one. */
  traceparent?: string | undefined;
  attributes?: Attributes;
}

const KINDS: Record<SpanKindName, SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/** Set on the global provider once an exporter runs; without it a span costs one comparison. */
const TRACER_NAME = 'souk';

/**
 * Runs `fn` as one span of the trace; inside it `currentTraceparent()` names the span. Without an OTLP endpoint nothing
 * is recorded and only the trace context is passed on.
 */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  fn: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const parent = options.traceparent ?? currentTraceparent();
  const span = trace
    .getTracer(TRACER_NAME)
    .startSpan(
      name,
      { kind: KINDS[options.kind ?? 'internal'], attributes: options.attributes ?? {} },
      contextOf(parent),
    );
  // The API's no-op tracer gives a span that hands on its parent's ids (or none): then we make the ids ourselves.
  if (!span.isRecording()) return await runWithTraceparent(childTraceparent(parent), () => fn(undefined));
  const { traceId, spanId } = span.spanContext();
  try {
    return await runWithTraceparent(formatTraceparent({ traceId, parentId: spanId, sampled: true }), () => fn(span));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
    throw error;
  } finally {
    span.end();
  }
}

/** One message of a batch that is handled together. */
export interface ConsumerSpan {
  name: string;
  /** The aggregate: what is written about it inside `fn` continues this message's trace. */
  subject: string;
  traceparent: string | undefined;
  attributes?: Attributes;
}

/** Handles a batch of messages, each in a span of its own trace; `currentTraceparent(subject)` names the right one inside. */
export async function withConsumerSpans<T>(messages: readonly ConsumerSpan[], fn: () => Promise<T>): Promise<T> {
  const tracer = trace.getTracer(TRACER_NAME);
  const bySubject = new Map<string, string>();
  const spans = messages.map(({ attributes = {}, name, subject, traceparent }) => {
    const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, contextOf(traceparent));
    const { spanId, traceId } = span.spanContext();
    const own = formatTraceparent({ traceId, parentId: spanId, sampled: true });
    bySubject.set(subject, span.isRecording() ? own : childTraceparent(traceparent));
    return span;
  });
  try {
    return await runWithTraceparents(bySubject, fn);
  } catch (error) {
    for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.parentId,
    traceFlags: parent.sampled ? 1 : 0,
    isRemote: true,
  });
}

export interface Tracing {
  stop(): Promise<void>;
}

/**
 * Starts to export spans to a collector (OTLP over HTTP, JSON). The SDK is loaded only then: it costs a service 60 ms and
 * 15 MB. A second service in the same process joins the provider of the first.
 */
export async function startTracing(options: { service: string; endpoint: string; logger: Logger }): Promise<Tracing> {
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${options.endpoint}/v1/traces`, timeoutMillis: 5_000 });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service, 'service.namespace': 'souk' }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 4_096 })],
  });
  trace.setGlobalTracerProvider(provider);
  options.logger.info({ endpoint: options.endpoint }, 'Started to export traces');
  return {
    stop: () =>
      provider
        .shutdown()
        .catch((error: unknown) => options.logger.warn({ error }, 'The last traces were not exported')),
  };
}
