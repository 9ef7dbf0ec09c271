import { readFileSync } from 'node:fs';
import { readSchemaRevision, SERVICES } from '@souk/cdk8s';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../desired/catalogue.ts';
import { CONDITION_REASONS, EVENT_REASONS } from '../shop/reasons.ts';
import { shopDefinition } from './custom-resource.ts';
import { definitionFiles } from './files.ts';
import { operatorManifests, operatorRules } from './installation.ts';
import { referencePage } from './reference.ts';
import type { Schema } from './structural-schema.ts';

interface Definition {
  spec: { versions: { schema: { openAPIV3Schema: Schema }; additionalPrinterColumns: { name: string }[] }[] };
}

const [version] = (shopDefinition() as unknown as Definition).spec.versions;
const root = version?.schema.openAPIV3Schema as Schema;

function walk(schema: Schema, path: string, visit: (schema: Schema, path: string) => void): void {
  visit(schema, path);
  for (const [name, property] of Object.entries(schema.properties ?? {})) walk(property, `${path}.${name}`, visit);
  if (schema.items) walk(schema.items, `${path}[]`, visit);
}

describe('The definition of Shop', () => {
  it('is structural, and says what every field of spec and status is for', () => {
    walk(root, '', (schema, path) => {
      expect(schema.type, path).toBeDefined();
      expect(schema, path).not.toHaveProperty('x-souk-rules');
      expect(schema.additionalProperties, path).not.toBe(false);
      if (/^\.(spec|status)\./.test(path) && !path.endsWith(']')) expect(schema.description, path).toBeTruthy();
    });
  });

  it('shows version, target, readiness, phase and age', () => {
    const names = version?.additionalPrinterColumns.map(({ name }) => name);
    expect(names).toEqual(['Version', 'Target', 'Ready', 'Phase', 'Reason', 'Message', 'Age']);
  });

  it('states rules between fields in CEL that holds before defaults are filled in', () => {
    const rules = root.properties?.spec?.properties?.data?.['x-kubernetes-validations'] as { rule: string }[];
    expect(rules.map(({ rule }) => rule)).toContain(
      "!has(self.mode) || self.mode != 'External' || has(self.secretRef)",
    );
  });

  it('and all that follows from it is checked in: `node tools/shop.mjs` renews it', () => {
    const newest = CATALOGUE.at(-1);
    for (const { database, name } of Object.values(SERVICES))
      if (database) expect(newest?.schemaRevisions[name], name).toBe(readSchemaRevision(name));
    const files = definitionFiles({ version: newest?.version ?? '', releases: CATALOGUE });
    for (const [path, text] of Object.entries(files))
      expect(readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8'), path).toBe(text);
  });

  it('has every reason on the reference page', () => {
    const page = referencePage();
    for (const reason of Object.keys({ ...CONDITION_REASONS, ...EVENT_REASONS }))
      expect(page).toContain(`\`${reason}\``);
  });
});

describe('The rights of the operator', () => {
  it('have no wildcard and never delete a Shop', () => {
    const rules = operatorRules();
    expect(JSON.stringify(rules)).not.toContain('*');
    const shops = rules.find(({ resources }) => resources.includes('shops'));
    expect(shops?.verbs).toEqual(['get', 'list', 'watch', 'patch']);
  });

  it('are used by pods that meet Pod Security restricted', () => {
    const manifests = operatorManifests({ namespace: 'a', image: 'souk/operator:1', version: '1' });
    const deployment = manifests.find(({ kind }) => kind === 'Deployment') as unknown as {
      spec: { template: { spec: { securityContext: object; containers: { securityContext: object }[] } } };
    };
    const { template } = deployment.spec;
    expect(template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(template.spec.containers[0]?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
  });
});
