// Files that are generated and checked in: written, or with --check compared, so that CI finds what was forgotten.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './workspace.mjs';

/** Writes the files, or says which differ. `files` maps paths below the workspace to texts. Answers whether all is well. */
export function writeOrCheck(files, { check, command, report = console.log }) {
  let ok = true;
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(ROOT, path);
    const current = existsSync(absolute) ? readFileSync(absolute, 'utf8') : undefined;
    if (current === text) {
      report(`${path}: up to date`);
    } else if (check) {
      ok = false;
      console.error(
        `${path}: ${current === undefined ? 'missing' : `differs${firstDifference(current, text)}`}; run: ${command}`,
      );
    } else {
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, text);
      report(`${path}: written`);
    }
  }
  return ok;
}

function firstDifference(current, wanted) {
  const [a, b] = [current.split('\n'), wanted.split('\n')];
  const line = a.findIndex((text, index) => text !== b[index]);
  return line === -1 ? '' : ` from line ${line + 1} on (${(b[line] ?? 'end').trim().slice(0, 60)})`;
}

/** JSON as it is checked in. */
export function toJson(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
