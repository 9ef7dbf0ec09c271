import { describe, expect, it } from 'vitest';
import { shopSpecSchema } from '../shop/shop-spec.ts';
import { CATALOGUE, catalogueOf, compareVersions } from './catalogue.ts';
import { revisionOf } from './revision.ts';

const newest = CATALOGUE.at(-1);

describe('The catalogue', () => {
  it('knows the versions that it was built with, oldest first', () => {
    expect(catalogueOf(undefined)).toEqual(CATALOGUE);
    expect(catalogueOf('')).toEqual(CATALOGUE);
  });

  it('takes releases in that came later, with the schemas of the newest it knows where they name none', () => {
    const extra = [
      { version: '9.1.0', upgradeFrom: '9.0.0', schemaRevisions: { 'order-service': '0123abcd' } },
      { version: '9.0.0', upgradeFrom: '0.1.0' },
    ];
    const found = catalogueOf(JSON.stringify(extra));
    expect(found.map(({ version }) => version).slice(-2)).toEqual(['9.0.0', '9.1.0']);
    expect(found.at(-2)?.schemaRevisions).toEqual(newest?.schemaRevisions);
    expect(found.at(-1)?.schemaRevisions).toEqual({ 'order-service': '0123abcd' });
  });

  it('lets a release of a known version take its place', () => {
    const found = catalogueOf(JSON.stringify([{ version: newest?.version, upgradeFrom: '0.0.9' }]));
    expect(found).toHaveLength(CATALOGUE.length);
    expect(found.at(-1)?.upgradeFrom).toBe('0.0.9');
  });

  it.each([
    ['{', 'EXTRA_RELEASES is not a JSON list'],
    ['{}', 'expected array'],
    ['[{"version":"1.0.0"}]', 'upgradeFrom'],
    ['[{"version":"latest","upgradeFrom":"1.0.0"}]', 'version'],
    ['[{"version":"1.0.0","upgradeFrom":"1.0.0","digests":{"order-service":"sha256:1"}}]', 'digests'],
    ['[{"version":"1.0.0","upgradeFrom":"1.0.0","digests":{"basket-service":""}}]', 'basket-service'],
  ])('says what is wrong with %s', (text, word) => {
    expect(() => catalogueOf(text)).toThrow(word);
  });

  it('pins the images of a release by their digests', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const release = {
      version: '1.0.0',
      upgradeFrom: '1.0.0',
      schemaRevisions: {},
      digests: { 'order-service': digest },
    };
    const { services } = revisionOf(shopSpecSchema.parse({ version: '1.0.0' }), release);
    expect(services['order-service'].image).toBe(`souk/order-service:1.0.0@${digest}`);
    expect(services['user-service'].image).toBe('souk/user-service:1.0.0');
  });

  it('puts versions in the order of semantic versioning', () => {
    const sorted = ['0.9.0', '0.10.0-rc.1', '0.10.0', '1.0.0-alpha', '1.0.0'];
    expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
    expect(compareVersions('1.2.3', '1.2.3')).toBe(0);
  });
});
