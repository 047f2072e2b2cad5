const typescript = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
  sourceMaps: 'inline'
}

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.stryker/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', typescript] },
  collectCoverageFrom: ['src/**/*.ts', '!src/main.ts', '!src/cli.ts', '!src/rollout/ports.ts'],
  coverageProvider: 'v8',
  restoreMocks: true,
  // The default leaves one of two processors idle, while most tests wait for a process of their own.
  maxWorkers: '100%'
}
