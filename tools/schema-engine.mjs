// Prisma's official schema engine as WebAssembly: nothing is downloaded. It reads the database through pg, and pg and the
// adapter show it some columns of the system catalog in types that it does not know; those are put right here.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';

const require = createRequire(import.meta.url);

// Object ids of types in pg_type: "char" (one byte, no text), name, "char"[], name[]; text and text[] are what is read.
const CHAR = 18;
const TEXT = 25;
const TEXT_ARRAY = 1009;
const SHOWN_AS = new Map([
  [CHAR, TEXT],
  [19, TEXT],
  [1002, TEXT_ARRAY],
  [1003, TEXT_ARRAY],
]);
const charColumns = new Set();

// Result and not Client.query: a pool's queries go past the latter.
function repairColumnTypes(Result) {
  const { addFields } = Result.prototype;
  Result.prototype.addFields = function addRepairedFields(descriptions) {
    for (const description of descriptions) {
      if (description.dataTypeID === CHAR) charColumns.add(description.name);
      description.dataTypeID = SHOWN_AS.get(description.dataTypeID) ?? description.dataTypeID;
    }
    return addFields.call(this, descriptions);
  };
}

/** Marks the columns of type "char" as such: as plain text they make the engine panic. */
function repairAdapter(adapter) {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    result.columnNames.forEach((name, index) => {
      if (charColumns.has(name) && result.columnTypes[index] === ColumnTypeEnum.Text) {
        result.columnTypes[index] = ColumnTypeEnum.Character;
      }
    });
    return result;
  };
  return adapter;
}

/**
 * The adapter's own shadow database is the real one whenever the configuration is a connection string: the migrations
 * then run in there. Nothing here needs one, so asking for it is an error.
 */
class ReadOnlyPrismaPg extends PrismaPg {
  async connect() {
    return repairAdapter(await super.connect());
  }
  async connectToShadowDb() {
    throw new Error('The drift check never uses a shadow database');
  }
}

let engineClass;
async function loadEngine() {
  if (engineClass !== undefined) return engineClass;
  repairColumnTypes(require('pg/lib/result.js'));
  // Without it a panic shows as a TypeError that says nothing.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => console.error(message) };
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const path = require.resolve('@prisma/schema-engine-wasm').replace(/schema_engine\.js$/, 'schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(path), { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  engineClass = bindings.SchemaEngine;
  return engineClass;
}

/**
 * What would have to change in the database at `url` to fit the Prisma schema: the SQL for it, or undefined when nothing.
 * The database is only read.
 */
export async function diffDatabaseToSchema({ url, schemaPath, schema }) {
  const SchemaEngine = await loadEngine();
  const factory = bindMigrationAwareSqlAdapterFactory(new ReadOnlyPrismaPg({ connectionString: url }));
  const datamodels = [[schemaPath, schema]];
  const engine = await SchemaEngine.new({ datamodels }, () => {}, factory);
  try {
    const files = [{ path: schemaPath, content: schema }];
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '/' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 2 ? (stdout ?? 'unknown differences').trim() : undefined;
  } finally {
    engine.free();
  }
}
