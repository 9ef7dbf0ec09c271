// How long a file and a function may be, how many parameters and path segments there may be.
import { walk } from './source-files.mjs';

export const LIMITS = {
  functionLines: 70,
  functionLinesP90: 40,
  fileLines: 300,
  fileLinesP90: 200,
  parameters: 3,
  pathSegments: 3,
};

const FUNCTION_TYPES = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** The value that nine of ten are not above. */
export function p90(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? 0;
}

function parametersOf(node) {
  const parameters = node.params?.items ?? node.params ?? [];
  return parameters.filter((parameter) => !(parameter.type === 'Identifier' && parameter.name === 'this'));
}

/** Functions of a file with a body of more than one expression: name, length in lines, parameters. */
export function functionsOf(file) {
  const functions = [];
  walk(file.program, (node, parent) => {
    if (!FUNCTION_TYPES.has(node.type) || node.body === null) return;
    const name = node.id?.name ?? parent?.key?.name ?? parent?.id?.name ?? 'anonymous';
    const first = file.lineOf(node.start);
    const lines = file.lineOf(node.end - 1) - first + 1;
    const hasBlock = node.body.type === 'BlockStatement' || node.body.type === 'FunctionBody';
    functions.push({ name, line: first, lines, parameters: parametersOf(node).length, hasBlock });
  });
  return functions;
}

function fileProblems(file, functions) {
  const problems = [];
  if (file.lines > LIMITS.fileLines) problems.push(`${file.path}: ${file.lines} lines, at most ${LIMITS.fileLines}`);
  for (const { name, line, lines, parameters } of functions) {
    const place = `${file.path}:${line}`;
    if (lines > LIMITS.functionLines) {
      problems.push(`${place}: function ${name} has ${lines} lines, at most ${LIMITS.functionLines}`);
    }
    if (parameters > LIMITS.parameters) {
      problems.push(
        `${place}: function ${name} has ${parameters} parameters, at most ${LIMITS.parameters}, then an object`,
      );
    }
  }
  const segments = file.inWorkspace.split('/').length - 1;
  if (file.isSource && segments > LIMITS.pathSegments) {
    problems.push(`${file.path}: ${segments} path segments under src, at most ${LIMITS.pathSegments}`);
  }
  return problems;
}

/** Problems of size, and the figures they were judged by. Tests are as long as their story. */
export function checkSizes(files) {
  const judged = files.filter((file) => !file.isTest);
  const problems = [];
  const functionLines = [];
  for (const file of judged) {
    const functions = functionsOf(file);
    functionLines.push(...functions.filter(({ hasBlock }) => hasBlock).map(({ lines }) => lines));
    problems.push(...fileProblems(file, functions));
  }
  const figures = {
    files: judged.length,
    fileLinesP90: p90(judged.map(({ lines }) => lines)),
    fileLinesMax: Math.max(0, ...judged.map(({ lines }) => lines)),
    functions: functionLines.length,
    functionLinesP90: p90(functionLines),
    functionLinesMax: Math.max(0, ...functionLines),
  };
  for (const name of ['fileLinesP90', 'functionLinesP90']) {
    if (figures[name] > LIMITS[name]) problems.push(`${name} is ${figures[name]}, at most ${LIMITS[name]}`);
  }
  return { problems, figures };
}
