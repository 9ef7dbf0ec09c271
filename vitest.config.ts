import { defineConfig } from 'vitest/config';

// tools/vitest.mjs narrows a run to one folder; a path filter could not, because vitest joins its filters by "or".
const scope = process.env.SOUK_TEST_SCOPE;
const folders = scope === undefined || scope === '' ? '{packages,services,tools,e2e,bench,cdk8s}' : scope;
// An upper bound for a loaded machine; vitest's own second is none.
const expectation = { poll: { timeout: 15_000 } };
const exclude = ['**/node_modules/**', '**/dist/**', '**/generated/**'];

export default defineConfig({
  test: {
    // tools/coverage.mjs holds the summary against the minimum.
    coverage: {
      provider: 'v8',
      reportsDirectory: 'coverage',
      // One test that fails hides nothing of what the others cover.
      reportOnFailure: true,
      reporter: ['json-summary', 'json', 'html'],
      include:
        scope === undefined || scope === ''
          ? ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts']
          : [`${scope}/src/**/*.ts`],
      exclude: [
        '**/*.test.ts',
        // Written by Prisma and by generators of this repository, which have tests of their own.
        '**/generated/**',
        // Bootstraps: they hand arguments and environment to what is tested, and end the process.
        '**/main.ts',
        // Start the servers before any test, in the process of vitest itself, of which no coverage is taken.
        'packages/testing/src/global-setup.ts',
        'packages/testing/src/servers/**',
      ],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/**/*.test.ts`],
          exclude: [...exclude, '**/*.int.test.ts', '**/*.e2e.test.ts'],
          // A worker per file costs 80 to 120 ms each; unit tests share nothing that would need one.
          isolate: false,
          expect: expectation,
          testTimeout: 40_000,
          hookTimeout: 40_000,
        },
      },
      {
        test: {
          name: 'int',
          include: [`${folders}/**/*.int.test.ts`],
          exclude,
          expect: expectation,
          globalSetup: ['./packages/testing/src/global-setup.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: [`${folders}/**/*.e2e.test.ts`],
          exclude,
          expect: expectation,
          globalSetup: ['./packages/testing/src/global-setup.ts', './e2e/src/global-setup.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
