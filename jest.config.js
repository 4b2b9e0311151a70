// Two kinds of test sit beside what they test: NAME.test.ts needs Node and Python only;
// NAME.system.test.ts also needs Docker, a browser or an emulator (npm run test:all).
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

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': swc },
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/.mlops/', '\\.system\\.test\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/.mlops/'],
};
