// Generates services/x/openapi.json from the routes' own schemas, the ones that validate. `node tools/openapi.mjs [--check] [services/x …]`
import { toJson, writeOrCheck } from './checked-in.mjs';
import { loadDefinitions, withApp } from './service-definitions.mjs';
import { selectServices } from './workspace.mjs';

/** The OpenAPI document of a service, undefined for one whose app has none of its own. */
export function openApiOf(definition) {
  return withApp(definition, (app) => app.http.openApiDocument?.());
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const args = process.argv.slice(2);
  const names = selectServices(args.filter((argument) => argument !== '--check'));
  const files = {};
  for (const [name, definition] of await loadDefinitions(names)) {
    const document = await openApiOf(definition);
    if (document !== undefined) files[`services/${name}/openapi.json`] = toJson(document);
  }
  const ok = writeOrCheck(files, { check: args.includes('--check'), command: 'node tools/openapi.mjs' });
  // Whatever a service left open must not keep a generator waiting.
  process.exit(ok ? 0 : 1);
}
