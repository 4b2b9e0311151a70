// Imports point down this list only (CONTRIBUTING.md); a floor may import itself and what is below it.
const floors = [
  ['scripts', 'examples', 'bench'],
  ['actions'],
  ['infra'],
  ['pipeline/cli'],
  ['pipeline/doctor', 'pipeline/github'],
  ['pipeline/run'],
  ['pipeline/backends'],
  ['pipeline/serve'],
  ['pipeline/report'],
  ['pipeline/steps'],
  ['pipeline/machines'],
  ['pipeline/gate', 'pipeline/monitor', 'pipeline/release'],
  ['pipeline/statistics'],
  ['pipeline/image', 'pipeline/cost'],
  ['pipeline/tables'],
  ['pipeline/config'],
  ['pipeline/aws', 'pipeline/queries'],
];

// A test stands beside what it tests and may use anything; so may its fixture.
const tests = '\\.(test|fixture|contract)\\.ts$';
const inside = (folders) => `^(${folders.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Modules that import each other, types included, can only be understood together.',
      severity: 'error',
      from: { pathNot: tests },
      to: { circular: true },
    },
    ...floors.slice(1).map((folders, index) => ({
      name: `up-from-${folders[0].replace('pipeline/', '')}`,
      comment: 'Imports point down the list of floors only.',
      severity: 'error',
      from: { path: inside(folders), pathNot: tests },
      to: { path: inside(floors.slice(0, index + 1).flat()) },
    })),
    {
      name: 'up-from-pipeline',
      comment: "What lies in pipeline/ itself is everybody's: it imports no folder.",
      severity: 'error',
      from: { path: '^pipeline/[^/]+\\.ts$', pathNot: tests },
      to: { path: '^(pipeline/[^/]+|actions|infra|scripts)/' },
    },
    {
      name: 'embedded-and-aws-apart',
      comment: 'Each backend works without the other.',
      severity: 'error',
      from: { path: '^pipeline/backends/(embedded|aws)/', pathNot: tests },
      to: { path: '^pipeline/backends/(embedded|aws)/', pathNot: '^pipeline/backends/$1/' },
    },
    {
      name: 'no-test-in-production',
      comment: 'Production code does not import tests or fixtures; a benchmark and the soak may.',
      severity: 'error',
      from: { pathNot: `${tests}|^(bench|examples|fixtures|scripts/soak)/` },
      to: { path: tests },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
