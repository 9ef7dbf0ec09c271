// What the tests of the workspace say, read from their syntax trees: tools/problem-slugs.mjs and tools/route-table.mjs ask.
import { readSourceFiles } from './budgets/source-files.mjs';
import { ROOT } from './workspace.mjs';

// Tests of stories told elsewhere than in files named *.test.ts.
const STORY_FOLDER = /^e2e\//;
// The client's own tests and those of the tools talk to servers that they wrote themselves.
const TALKS_TO_STUBS = /^(packages\/client|tools)\//;

/** The test files that ask the platform or a part of it, parsed. */
export function readTestFiles() {
  return readSourceFiles(ROOT).filter(
    ({ isTest, path }) => (isTest || STORY_FOLDER.test(path)) && !TALKS_TO_STUBS.test(path),
  );
}

/** Calls `visit(node, ancestors)` for every node below `node`, the nearest ancestor last. */
export function walkWithAncestors(node, visit, ancestors = []) {
  if (Array.isArray(node)) {
    for (const child of node) walkWithAncestors(child, visit, ancestors);
    return;
  }
  if (node === null || typeof node !== 'object' || typeof node.type !== 'string') return;
  visit(node, ancestors);
  ancestors.push(node);
  for (const [key, child] of Object.entries(node)) if (key !== 'parent') walkWithAncestors(child, visit, ancestors);
  ancestors.pop();
}

/** The text of a string, a template (`{}` where something is put in) or a regular expression; undefined for other nodes. */
export function textOf(node, constants = new Map()) {
  if (node?.type === 'TemplateLiteral') {
    const put = (index) => {
      const expression = node.expressions[index];
      return expression === undefined ? '' : (textOf(expression, constants) ?? '{}');
    };
    return node.quasis.map((part, index) => `${part.value.cooked ?? ''}${put(index)}`).join('');
  }
  if (node?.type === 'Identifier') return constants.get(node.name);
  if (node?.type === 'CallExpression' && node.callee.type === 'Identifier') return constants.get(node.callee.name);
  if (node?.type !== 'Literal') return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.regex?.pattern.replaceAll('\\/', '/');
}

/** The texts that names stand for in a file: `const path = '…'` and `const pathOf = (id) => `…``. */
export function constantsOf(program) {
  const constants = new Map();
  walkWithAncestors(program, (node) => {
    if (node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier') return;
    const value = node.init?.type === 'ArrowFunctionExpression' ? node.init.body : node.init;
    const text = /^(Literal|TemplateLiteral)$/.test(value?.type ?? '') ? textOf(value, constants) : undefined;
    if (text !== undefined) constants.set(node.id.name, text);
  });
  return constants;
}

/** The names a call goes by: `expect(x).resolves.toBe(…)` → expect, resolves, toBe. */
export function namesOfCall(call) {
  const names = [];
  for (let node = call; node !== null && node !== undefined; ) {
    if (node.type === 'CallExpression') node = node.callee;
    else if (node.type === 'MemberExpression') {
      if (node.property?.name !== undefined) names.push(node.property.name);
      node = node.object;
    } else if (node.type === 'AwaitExpression') node = node.argument;
    else {
      if (node.type === 'Identifier') names.push(node.name);
      break;
    }
  }
  return names.reverse();
}
