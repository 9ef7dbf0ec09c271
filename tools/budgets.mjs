// Holds the source to its budgets: sizes, forbidden constructs, names, imports. `node tools/budgets.mjs`
import { checkContents } from './budgets/content-rules.mjs';
import { checkImports } from './budgets/import-rules.mjs';
import { checkSizes, LIMITS } from './budgets/size-rules.mjs';
import { findWorkspaces, readSourceFiles } from './budgets/source-files.mjs';
import { ROOT } from './workspace.mjs';

/** All problems under `root`, one line each, and the figures. */
export function checkBudgets(root) {
  const workspaces = findWorkspaces(root);
  const files = readSourceFiles(root, workspaces);
  const sizes = checkSizes(files);
  const problems = [...sizes.problems, ...checkContents(files), ...checkImports(files, workspaces)];
  const linesOf = (wanted) => files.filter(wanted).reduce((sum, { lines }) => sum + lines, 0);
  const figures = { ...sizes.figures, sourceLines: linesOf((f) => !f.isTest), testLines: linesOf((f) => f.isTest) };
  return { problems: [...new Set(problems)].sort(), figures };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { problems, figures } = checkBudgets(ROOT);
  for (const problem of problems) console.error(problem);
  const { files, fileLinesP90, fileLinesMax, functions, functionLinesP90, functionLinesMax } = figures;
  console.log(
    `Files ${files}: p90 ${fileLinesP90} of ${LIMITS.fileLinesP90} lines, longest ${fileLinesMax} of ${LIMITS.fileLines}`,
  );
  console.log(
    `Functions ${functions}: p90 ${functionLinesP90} of ${LIMITS.functionLinesP90} lines, longest ${functionLinesMax} of ${LIMITS.functionLines}`,
  );
  console.log(
    `Test lines to source lines: ${figures.testLines} to ${figures.sourceLines} (${(figures.testLines / Math.max(1, figures.sourceLines)).toFixed(2)})`,
  );
  console.log(problems.length === 0 ? 'Budgets kept' : `Budgets broken in ${problems.length} places`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
