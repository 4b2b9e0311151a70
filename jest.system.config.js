import fast from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...fast,
  testMatch: ['<rootDir>/**/*.system.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/.mlops/'],
  // Each has a browser, a daemon or an emulator to itself.
  maxWorkers: 1,
};
