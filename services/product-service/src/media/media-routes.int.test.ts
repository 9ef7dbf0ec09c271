import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

let service: RunningProductService;
beforeAll(async () => {
  service = await runProductService();
});
afterAll(() => service.stop());

it('serves a picture that caches keep and browsers run nothing of', async () => {
  const { status, headers, body } = await service.call<string>('GET', '/media/AUD-1001.svg');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
  expect(headers.get('cache-control')).toBe('public, max-age=86400');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(body).toContain('aria-label="Aria Over-Ear Headphones"');
  const etag = headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
    expect(await service.call('GET', '/media/AUD-1001.svg', { headers: { 'if-none-match': known } })).toMatchObject({
      status: 304,
      body: '',
    });
  expect(await service.call('GET', '/media/AUD-1001.svg', { headers: { 'if-none-match': '"other"' } })).toMatchObject({
    status: 200,
  });
  expect(await service.call('HEAD', '/media/AUD-1001.svg')).toMatchObject({ status: 200, body: '' });
});

it.each([
  '/media/NOPE.svg',
  '/media/AUD-1001',
  '/media/AUD-1001.png',
  '/media/..%2fAUD-1001.svg',
  `/media/${'x'.repeat(200)}.svg`,
])('answers %s as a problem, not with a picture', async (path) => {
  const { status } = await service.call('GET', path);
  expect([400, 404]).toContain(status);
});
