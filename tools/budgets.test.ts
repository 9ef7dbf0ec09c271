import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBudgets } from './budgets.mjs';

let root: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function workspace(folder: string, name: string, dependencies: Record<string, string> = {}): void {
  write(`${folder}/package.json`, JSON.stringify({ name, dependencies }));
}

function problems(): string[] {
  return checkBudgets(root).problems;
}

const lines = (count: number, line = 'void 0;\n') => line.repeat(count);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-budgets-'));
  workspace('packages/alpha', '@souk/alpha');
  write('packages/alpha/src/index.ts', "export { one } from './one.ts';\n");
  write('packages/alpha/src/one.ts', 'export const one = (a: number, b: number) => a + b;\n');
  workspace('services/first-service', 'first-service', { '@souk/alpha': '*' });
  write('services/first-service/src/app.ts', "import { one } from '@souk/alpha';\nexport const two = one(1, 1);\n");
  workspace('services/second-service', 'second-service', { 'first-service': '*' });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the budgets', () => {
  it('find nothing wrong with small, well-ordered sources', () => {
    expect(problems()).toEqual([]);
  });

  it('refuse a function of more than 70 lines', () => {
    write('packages/alpha/src/long.ts', `export function long() {\n${lines(69)}}\n`);
    expect(problems()).toContain('packages/alpha/src/long.ts:1: function long has 71 lines, at most 70');
    write('packages/alpha/src/long.ts', `export function long() {\n${lines(68)}}\n`);
    expect(problems().filter((problem) => problem.includes('long.ts'))).toEqual([]);
  });

  it('refuse functions that are long on the whole', () => {
    for (const name of ['a', 'b', 'c']) {
      write(`packages/alpha/src/${name}.ts`, `export function ${name}() {\n${lines(50)}}\n`);
    }
    expect(problems()).toEqual(['functionLinesP90 is 52, at most 40']);
  });

  it('refuse a file of more than 300 lines, and files that are long on the whole', () => {
    write('packages/alpha/src/long.ts', lines(301));
    expect(problems()).toEqual([
      'fileLinesP90 is 301, at most 200',
      'packages/alpha/src/long.ts: 301 lines, at most 300',
    ]);
  });

  it('let tests be as long as their story', () => {
    write('packages/alpha/src/one.test.ts', `it(() => {\n${lines(400)}});\n`);
    expect(problems()).toEqual([]);
  });

  it('refuse a fourth parameter, in functions of every kind', () => {
    write('packages/alpha/src/many.ts', 'export const many = (a: 1, b: 1, c: 1, d: 1) => a + b + c + d;\n');
    write(
      'packages/alpha/src/most.ts',
      'export class Most { all(a: 1, b: 1, c: 1, d: 1) { return a + b + c + d; } }\n',
    );
    expect(problems()).toEqual([
      'packages/alpha/src/many.ts:1: function many has 4 parameters, at most 3, then an object',
      'packages/alpha/src/most.ts:1: function all has 4 parameters, at most 3, then an object',
    ]);
  });

  it('refuse more than three path segments under src', () => {
    write('packages/alpha/src/a/b/c.ts', 'export const c = 1;\n');
    expect(problems()).toEqual([]);
    write('packages/alpha/src/a/b/c/d.ts', 'export const d = 1;\n');
    expect(problems()).toEqual(['packages/alpha/src/a/b/c/d.ts: 4 path segments under src, at most 3']);
  });

  it('refuse any, bare errors and unfinished work', () => {
    write(
      'packages/alpha/src/bad.ts',
      "export const x = (y: any) => {\n  // TODO later\n  throw new Error('no');\n};\n",
    );
    expect(problems().map((problem) => problem.split(':')[1])).toEqual(['1', '2', '3']);
  });

  it('refuse any in tests too, but let tests throw', () => {
    write('packages/alpha/src/one.test.ts', "export const x = (y: any) => { throw new Error('no'); };\n");
    expect(problems()).toHaveLength(1);
  });

  it('refuse the environment outside of config.ts', () => {
    write('services/first-service/src/config.ts', 'export const port = process.env.PORT;\n');
    expect(problems()).toEqual([]);
    write('services/first-service/src/port.ts', 'export const port = process.env.PORT;\n');
    expect(problems()).toEqual(['services/first-service/src/port.ts:1: the environment is read in config.ts only']);
  });

  it('refuse names that say nothing', () => {
    write('packages/alpha/src/text-utils.ts', 'export const a = 1;\n');
    write('packages/alpha/src/order.service.ts', 'export const a = 1;\n');
    write('packages/alpha/src/camelCase.ts', 'export const a = 1;\n');
    expect(problems()).toHaveLength(3);
  });
});

describe('the import rules', () => {
  it('refuse a service that imports another', () => {
    write('services/second-service/src/app.ts', "import { two } from 'first-service';\nexport const three = two;\n");
    expect(problems()).toEqual([
      'services/second-service/src/app.ts:1: second-service imports first-service: services know each other by HTTP and events only',
    ]);
  });

  it('refuse it in another service’s test and by a relative path', () => {
    write('services/second-service/src/app.test.ts', "import { two } from 'first-service';\nvoid two;\n");
    write('services/second-service/src/app.ts', "export { two } from '../../first-service/src/app.ts';\n");
    expect(problems()).toHaveLength(2);
  });

  it('let the one-process run import services', () => {
    workspace('packages/embedded', '@souk/embedded', { 'first-service': '*' });
    write('packages/embedded/src/index.ts', "export { two } from 'first-service';\n");
    expect(problems()).toEqual([]);
  });

  it('refuse packages that import each other in a circle', () => {
    workspace('packages/alpha', '@souk/alpha', { '@souk/beta': '*' });
    workspace('packages/beta', '@souk/beta', { '@souk/alpha': '*' });
    write('packages/alpha/src/one.ts', "import { b } from '@souk/beta';\nexport const one = b;\n");
    write('packages/beta/src/index.ts', "import { one } from '@souk/alpha';\nexport const b = one;\n");
    expect(problems()).toEqual(['packages import each other in a circle: @souk/alpha → @souk/beta → @souk/alpha']);
  });

  it('refuse to reach into a package and to use what is not declared', () => {
    write('services/first-service/src/app.ts', "import '@souk/alpha/src/one.ts';\nimport 'left-pad';\n");
    expect(problems()).toEqual([
      'services/first-service/src/app.ts:1: @souk/alpha/src/one.ts reaches into a package: import @souk/alpha',
      'services/first-service/src/app.ts:2: left-pad is not among the dependencies of first-service',
    ]);
  });

  it('refuse inner index files and packages without one', () => {
    write('packages/alpha/src/inner/index.ts', 'export const a = 1;\n');
    workspace('packages/beta', '@souk/beta');
    write('packages/beta/src/b.ts', 'export const b = 1;\n');
    expect(problems()).toHaveLength(2);
  });
});
