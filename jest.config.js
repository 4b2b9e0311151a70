import { existsSync } from 'node:fs';
import { join } from 'node:path';

// Two kinds of test sit beside what they test: NAME.test.ts needs Node and Python only;
// NAME.system.test.ts trains for long, or also needs Docker, a browser or an emulator (npm run test:all).
const swc = [
  '@swc/jest',
  {
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2024',
      experimental: { keepImportAttributes: true },
    },
    module: { type: 'es6' },
  },
];

// The template's own folders: a user's may hold anything, or be gone.
const folders = ['actions', 'bench', 'examples', 'fixtures', 'infra', 'pipeline', 'scripts'];

/** @type {import('jest').Config} */
export default {
  roots: folders
    .filter((name) => existsSync(join(import.meta.dirname, name)))
    .map((name) => `<rootDir>/${name}`),
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': swc },
  testMatch: ['<rootDir>/**/*.test.ts'],
  // Only what hangs: a busy machine may take its time.
  testTimeout: 120_000,
  testPathIgnorePatterns: ['/node_modules/', '/.mlops/', '\\.system\\.test\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/.mlops/'],
};
