/** Lints what a user owns, the model's package: ruff and mypy, each where the package has it. */
import { checkModel } from './project.ts';

const codes = [await checkModel('ruff', 'check', '.'), await checkModel('mypy')];
process.exitCode = codes.find((code) => code !== null && code !== 0) ?? 0;
