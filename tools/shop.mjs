// Generates what follows from the definition of Shop: its CustomResourceDefinition, k8s/operator, the charts' schemas and
// tables, the reference page, the operator's catalogue. `node tools/shop.mjs [--check]`
import { tsImport } from 'tsx/esm/api';
import { writeOrCheck } from './checked-in.mjs';

/** The version that is being worked on; older ones stay in the catalogue as they were released. */
const VERSION = '0.1.0';
const UPGRADE_FROM = '0.1.0';

export async function generateShopFiles() {
  const { readSchemaRevision, SERVICES } = await tsImport('../cdk8s/src/index.ts', import.meta.url);
  const { definitionFiles } = await tsImport('../services/operator/src/definition/files.ts', import.meta.url);
  const { CATALOGUE } = await tsImport('../services/operator/src/desired/catalogue.ts', import.meta.url);
  const owners = Object.values(SERVICES).filter(({ database }) => database !== undefined);
  const schemaRevisions = Object.fromEntries(owners.map(({ name }) => [name, readSchemaRevision(name)]));
  const released = CATALOGUE.filter(({ version }) => version !== VERSION);
  const releases = [...released, { version: VERSION, upgradeFrom: UPGRADE_FROM, schemaRevisions }];
  return definitionFiles({ version: VERSION, releases });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const ok = writeOrCheck(await generateShopFiles(), {
    check: process.argv.includes('--check'),
    command: 'node tools/shop.mjs',
  });
  process.exit(ok ? 0 : 1);
}
