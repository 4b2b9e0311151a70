/** Lints the user's own code, the models' packages, with ruff and mypy if the packages use them. */
import { checkModels } from './project.ts';

const codes = [
  ...(await checkModels('ruff', () => ['check', '.'])).values(),
  ...(await checkModels('mypy', () => [])).values(),
];
process.exitCode = codes.find((code) => code !== 0) ?? 0;
