// Every public operation with the tests that ask it: `node tools/route-table.mjs [--json]`. Contract cases are the refusals that
// follow from the document; calls are requests that tests write down themselves, by path or by the client.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { constantsOf, readTestFiles, textOf, walkWithAncestors } from './test-calls.mjs';
import { ROOT } from './workspace.mjs';

const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];
const CLIENT_CALLS = new Set(['call', 'send', 'items', 'ask']);

function propertyOf(node, name) {
  return node?.type === 'ObjectExpression' ? node.properties.find((each) => each.key?.name === name)?.value : undefined;
}

/** The method of a request as the call says it: an argument, an option, or POST where there is a body. */
function methodOf(call) {
  const said = call.arguments.map((argument) => textOf(propertyOf(argument, 'method') ?? argument));
  const method = said.find((text) => METHODS.includes(text));
  if (method !== undefined) return method;
  return call.arguments.some((argument) => propertyOf(argument, 'body') !== undefined) ? 'POST' : 'GET';
}

/** `POST /api/v1/orders/{}/cancel` for what a call asks by path; undefined when it asks nothing. */
function requestOf(call, constants) {
  for (const argument of call.arguments) {
    const path = /(?:^|\{\})(\/api\/(?:v1\/)?[^?\s]*)/.exec(textOf(argument, constants) ?? '')?.[1];
    if (path !== undefined) return { method: methodOf(call), path: path.replace(/^\/api\/(?!v1\/)/, '/api/v1/') };
  }
  return undefined;
}

function matches(template, path) {
  const wanted = template.split('/');
  const found = path.split('/');
  // What stands in a path where the template has a parameter may be anything but nothing.
  return (
    wanted.length === found.length &&
    wanted.every((part, index) => part === found[index] || (/^\{/.test(part) && found[index] !== ''))
  );
}

function countCalls(operations) {
  const byId = new Map(operations.map((operation) => [operation.operationId, operation]));
  for (const file of readTestFiles()) {
    const constants = constantsOf(file.program);
    walkWithAncestors(file.program, (node) => {
      if (node.type !== 'CallExpression') return;
      const byClient = CLIENT_CALLS.has(node.callee?.property?.name) ? byId.get(textOf(node.arguments[0])) : undefined;
      const request = byClient === undefined ? requestOf(node, constants) : undefined;
      const candidates =
        request === undefined
          ? []
          : operations.filter((each) => each.method === request.method && matches(each.path, request.path));
      // `/products/{}` may be `/products/search`: the most literal template wins.
      const operation = byClient ?? candidates.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
      if (operation !== undefined) operation.calls += 1;
    });
  }
}

const document = JSON.parse(readFileSync(join(ROOT, 'services/api-gateway/openapi.json'), 'utf8'));
const { contractCases } = await tsImport('../packages/http/src/index.ts', import.meta.url);
const cases = contractCases(document, {});
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method.toLowerCase()] !== undefined).map((method) => {
    const { operationId, 'x-access': access } = item[method.toLowerCase()];
    const contract = cases.filter((each) => each.operationId === operationId).length;
    return { method, path, operationId, access, contract, calls: 0 };
  }),
);
countCalls(operations);
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(operations, null, 2));
} else {
  const width = Math.max(...operations.map(({ path }) => path.length));
  console.log(`${'METHOD'.padEnd(7)}${'PATH'.padEnd(width + 2)}ACCESS  CONTRACT  CALLS`);
  for (const { method, path, access, contract, calls } of operations) {
    console.log(
      `${method.padEnd(7)}${path.padEnd(width + 2)}${access.padEnd(6)}${String(contract).padStart(10)}${String(calls).padStart(7)}`,
    );
  }
  const sum = (name) => operations.reduce((total, operation) => total + operation[name], 0);
  console.log(`\n${operations.length} operations, ${sum('contract')} contract cases, ${sum('calls')} calls in tests`);
}
