import type { Manifest } from '@souk/cdk8s';
import { GROUP, PLURAL, SHOP_NAME_LENGTH_MAX, VERSION } from '../shop/shop.ts';
import { shopSpecSchema } from '../shop/shop-spec.ts';
import { shopStatusSchema } from '../shop/shop-status.ts';
import { plainSchema, type Schema, toStructural } from './structural-schema.ts';

const column = (name: string, jsonPath: string, more: object = {}) => ({ name, type: 'string', jsonPath, ...more });

const COLUMNS = [
  column('Version', '.status.version'),
  column('Target', '.status.targetVersion'),
  column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
  column('Phase', '.status.phase'),
  column('Reason', '.status.conditions[?(@.type=="Ready")].reason', { priority: 1 }),
  column('Message', '.status.conditions[?(@.type=="Ready")].message', { priority: 1 }),
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

function statusSchema(): Schema {
  const schema = toStructural(plainSchema(shopStatusSchema));
  const { conditions } = schema.properties ?? {};
  if (conditions)
    Object.assign(conditions, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
  return { ...schema, description: 'What the operator has found; nobody else writes it' };
}

/** The CustomResourceDefinition of Shop. */
export function shopDefinition(): Manifest {
  const names = { kind: 'Shop', listKind: 'ShopList', plural: PLURAL, singular: 'shop', shortNames: ['shp'] };
  const name = {
    rule: `size(self.metadata.name) <= ${SHOP_NAME_LENGTH_MAX}`,
    message: `the name of a Shop has at most ${SHOP_NAME_LENGTH_MAX} characters: it begins the names of its objects`,
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { ...names, categories: ['souk'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'Shop is one Souk shop: six services, what they keep, and the way in',
              required: ['spec'],
              'x-kubernetes-validations': [name],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: { ...toStructural(plainSchema(shopSpecSchema)), description: 'What the shop shall be' },
                status: statusSchema(),
              },
            },
          },
        },
      ],
    },
  };
}
