// `npm start`: installs what is missing, builds what is stale, and runs the whole platform in this process.
import { pathToFileURL } from 'node:url';
import { buildEmbedded } from './bundle-embedded.mjs';
import { ensureInstalled, nodeProblem } from './install.mjs';
import { ROOT } from './workspace.mjs';

function fail(message) {
  console.error(message);
  process.exit(1);
}

const problem = nodeProblem();
if (problem !== undefined) fail(problem);
if (!ensureInstalled()) process.exit(1);
const main = await buildEmbedded().catch((error) => {
  const firstLine = error instanceof Error ? error.message.split('\n')[0] : String(error);
  fail(/ENOSPC/.test(firstLine) ? `The disk that holds ${ROOT} is full.` : `Building failed: ${firstLine}`);
});
await import(pathToFileURL(main).href);
