import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Asked, startTlsApiServer, type TlsApiServer } from '../../test/tls-api-server.ts';
import { createKubernetesClient, isStatus, type KubernetesClient, KubernetesError } from './client.ts';
import { resourceOf, SHOPS } from './resources.ts';

let server: TlsApiServer;
let client: KubernetesClient;
let answer: (asked: Asked, response: ServerResponse) => void;
let counted: string[];
beforeEach(async () => {
  counted = [];
  answer = (_asked, response) => void response.end('{"kind":"Shop","metadata":{"name":"dev"}}');
  server = await startTlsApiServer((asked, response) => answer(asked, response));
  vi.stubEnv('KUBECONFIG', server.kubeconfig);
  client = createKubernetesClient({ onCall: ({ method }, status) => counted.push(`${method} ${status}`) });
});
afterEach(async () => {
  client.close();
  vi.unstubAllEnvs();
  await server.stop();
});

const shop = { apiVersion: 'souk.dev/v1alpha1', kind: 'Shop', metadata: { name: 'dev', namespace: 'shops' } };
const PATH = '/apis/souk.dev/v1alpha1/namespaces/shops/shops';
const last = () => server.asked.at(-1) ?? expect.unreachable();

describe('The client of the API server', () => {
  it('reads and lists, as who the kubeconfig says', async () => {
    expect(await client.get(SHOPS, { namespace: 'shops', name: 'dev' })).toMatchObject({ metadata: { name: 'dev' } });
    expect(last()).toMatchObject({ method: 'GET', path: `${PATH}/dev`, headers: { authorization: 'Bearer mine' } });
    await client.list(SHOPS, { namespace: undefined, query: { limit: '500', continue: undefined } });
    expect(last()).toMatchObject({ path: '/apis/souk.dev/v1alpha1/shops', query: { limit: '500' } });
    expect(last().query).not.toHaveProperty('continue');
    expect(counted).toEqual(['GET 200', 'GET 200']);
  });

  it('creates, applies by force, patches, and writes the status for itself', async () => {
    await client.create(shop);
    expect(last()).toMatchObject({ method: 'POST', path: PATH, body: shop });
    await client.apply(shop, 'shop-operator');
    expect(last()).toMatchObject({
      method: 'PATCH',
      path: `${PATH}/dev`,
      query: { fieldManager: 'shop-operator', force: 'true' },
      body: shop,
    });
    expect(last().headers['content-type']).toBe('application/apply-patch+yaml');
    await client.mergePatch(shop, { metadata: { finalizers: [] } });
    expect(last().headers['content-type']).toBe('application/merge-patch+json');
    await client.replaceStatus({ ...shop, status: {} });
    expect(last()).toMatchObject({ method: 'PUT', path: `${PATH}/dev/status` });
  });

  it('deletes the object that it has seen, and no other of its name', async () => {
    const jobs = resourceOf({ apiVersion: 'batch/v1', kind: 'Job' });
    await client.delete(jobs, { namespace: 'shops', name: 'seed', uid: 'u1' });
    expect(last()).toMatchObject({
      method: 'DELETE',
      path: '/apis/batch/v1/namespaces/shops/jobs/seed',
      body: { propagationPolicy: 'Background', preconditions: { uid: 'u1' } },
    });
    await client.delete(jobs, { namespace: 'shops', name: 'seed' });
    expect(last().body).not.toHaveProperty('preconditions');
  });

  it('knows no kind that it does not manage', () => {
    expect(() => resourceOf({ apiVersion: 'v1', kind: 'Node' })).toThrow('The operator does not manage v1 Node');
  });

  it('throws what the API server says, and what anything else in its place says', async () => {
    answer = (_asked, response) =>
      void response.writeHead(403).end('{"kind":"Status","reason":"Forbidden","message":"exceeded quota"}');
    const refused = await client.create(shop).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'KubernetesError', status: 403, reason: 'Forbidden' });
    expect(String(refused)).toContain('exceeded quota');
    expect([isStatus(refused, 404, 403), isStatus(refused, 404), isStatus(new RangeError(), 403)]).toEqual([
      true,
      false,
      false,
    ]);
    answer = (_asked, response) => void response.writeHead(502).end('<h1>Bad gateway</h1>');
    await expect(client.call({ method: 'GET', path: '/' })).rejects.toMatchObject({
      status: 502,
      reason: 'Unknown',
      message: '<h1>Bad gateway</h1>',
    });
  });

  it('waits for an answer no longer than it is told to', async () => {
    answer = () => {};
    const waiting = client.call({ method: 'GET', path: '/', timeoutMs: 100 });
    await expect(waiting).rejects.toThrow(new KubernetesError(0, 'Timeout', 'GET /: no answer in time'));
  });

  it('reads a watch line by line until it is called off', async () => {
    answer = (_asked, response) => void response.write('{"type":"BOOKMARK"}\n');
    const over = new AbortController();
    const watch = await client.open({ method: 'GET', path: '/', signal: over.signal, timeoutMs: 0 });
    const lines: string[] = [];
    const reading = (async () => {
      for await (const chunk of watch) {
        lines.push(String(chunk));
        over.abort(new RangeError('enough'));
      }
    })();
    await expect(reading).rejects.toThrow();
    expect(lines).toEqual(['{"type":"BOOKMARK"}\n']);
  });
});
