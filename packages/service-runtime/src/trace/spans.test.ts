import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTracing, withConsumerSpans, withSpan } from './spans.ts';
import { currentTraceparent, newTraceparent, parseTraceparent } from './traceparent.ts';

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status: { code?: number };
}

let collector: Server;
const exported: ExportedSpan[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[] };
      exported.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  trace.disable();
  await new Promise((resolve) => collector.close(resolve));
});

describe('traces with an endpoint', () => {
  it('are exported as spans of the caller’s trace, one for each message of a batch', async () => {
    const { port } = collector.address() as AddressInfo;
    const logger = pino({ level: 'silent' });
    const tracing = await startTracing({ service: 'order-service', endpoint: `http://127.0.0.1:${port}`, logger });
    const [one, other] = [newTraceparent(), newTraceparent()];
    let inside: string | undefined;
    await withSpan(
      'POST /orders',
      { kind: 'server', traceparent: one, attributes: { 'http.request.method': 'POST' } },
      async () => {
        inside = currentTraceparent();
        await withSpan('ask', { kind: 'client' }, async () => {});
      },
    );
    const messages = [one, other].map((traceparent, index) => ({
      name: 'process',
      subject: String(index),
      traceparent,
    }));
    await expect(withConsumerSpans(messages, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
    await tracing.stop();

    const server = exported.find(({ name }) => name === 'POST /orders');
    expect(server).toMatchObject({
      kind: 2,
      traceId: parseTraceparent(one)?.traceId,
      parentSpanId: parseTraceparent(one)?.parentId,
    });
    expect(parseTraceparent(inside)?.parentId).toBe(server?.spanId);
    expect(exported.find(({ name }) => name === 'ask')).toMatchObject({ kind: 3, parentSpanId: server?.spanId });
    const consumed = exported.filter(({ name }) => name === 'process');
    expect(consumed.map(({ traceId }) => traceId).sort()).toEqual(
      [one, other].map((traceparent) => parseTraceparent(traceparent)?.traceId).sort(),
    );
    expect(consumed.every(({ kind, status }) => kind === 5 && status.code === 2)).toBe(true);
  });
});
