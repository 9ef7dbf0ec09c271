// Loads the services' definitions, for the documents that are generated from them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { serviceFolder, shopServiceNames } from './workspace.mjs';

function isDefinition(value) {
  return typeof value === 'object' && value !== null && 'settings' in value && typeof value.createApp === 'function';
}

/** The definitions of these services (all of a shop by default), by name. */
export async function loadDefinitions(names = shopServiceNames()) {
  const definitions = new Map();
  for (const name of names) {
    const path = join(serviceFolder(name), 'src', 'app.ts');
    if (!existsSync(path)) continue; // a deployable of another kind
    const url = pathToFileURL(path).href;
    const definition = Object.values(await tsImport(url, import.meta.url)).find(isDefinition);
    if (definition !== undefined) definitions.set(name, definition);
  }
  return definitions;
}

// Building an app opens nothing, so that the places need not exist.
const PLACEHOLDERS = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  AMQP_URL: 'amqp://127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
  INTERNAL_SECRET: 'only-for-generating-documents-32-bytes',
  SMTP_URL: 'smtp://127.0.0.1:1',
  LOG_LEVEL: 'silent',
};

/** Builds the app of a service with nothing behind it, and hands it to `use`. */
export async function withApp(definition, use) {
  const load = (path) => tsImport(path, import.meta.url);
  const { createServiceContext, loadSettings } = await load('../packages/service-runtime/src/index.ts');
  const { createInProcessBroker } = await load('../packages/messaging/src/index.ts');
  const { createInProcessKeyValueStore } = await load('../packages/key-value/src/index.ts');
  const loaded = loadSettings(definition.settings, PLACEHOLDERS);
  if (!loaded.ok) throw new Error(`${definition.name}: ${loaded.problems.join('; ')}`);
  const broker = createInProcessBroker({ retryDelaysMs: [0] });
  const keyValue = createInProcessKeyValueStore();
  const context = createServiceContext(definition, loaded.config, { broker, keyValue });
  try {
    return await use(await definition.createApp(context));
  } finally {
    await context.close();
    await broker.close();
    await keyValue.close();
  }
}
