// Generates services/x/openapi.json from the routes' own schemas, the ones that validate. `node tools/openapi.mjs [--check] [services/x …]`
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { toJson, writeOrCheck } from './checked-in.mjs';
import { loadDefinitions, withApp } from './service-definitions.mjs';
import { ROOT, selectServices, shopServiceNames } from './workspace.mjs';

const GATEWAY = 'api-gateway';
const fileOf = (name) => `services/${name}/openapi.json`;

/** The OpenAPI document of a service, undefined for one whose app has none of its own. */
export function openApiOf(definition) {
  return withApp(definition, (app) => app.http.openApiDocument?.());
}

/** The gateway has no routes of its own: its document is the services' in one, those of `files` being the newest. */
async function joinedDocument(files) {
  const source = '../services/api-gateway/src/openapi/join-documents.ts';
  const { joinDocuments } = await tsImport(source, import.meta.url);
  const documents = shopServiceNames()
    .filter((name) => name !== GATEWAY && (files[fileOf(name)] !== undefined || existsSync(join(ROOT, fileOf(name)))))
    .map((service) => ({
      service,
      document: JSON.parse(files[fileOf(service)] ?? readFileSync(join(ROOT, fileOf(service)), 'utf8')),
    }));
  return joinDocuments(documents);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const args = process.argv.slice(2);
  const named = args.filter((argument) => argument !== '--check');
  const names = selectServices(named, shopServiceNames());
  const files = {};
  for (const [name, definition] of await loadDefinitions(names)) {
    const document = await openApiOf(definition);
    if (document !== undefined) files[fileOf(name)] = toJson(document);
  }
  if (names.includes(GATEWAY)) files[fileOf(GATEWAY)] = toJson(await joinedDocument(files));
  const ok = writeOrCheck(files, { check: args.includes('--check'), command: 'node tools/openapi.mjs' });
  // Whatever a service left open must not keep a generator waiting.
  process.exit(ok ? 0 : 1);
}
