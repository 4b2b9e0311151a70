/** Lints the user's own code, the model's package, with ruff and mypy if the package uses them. */
import { checkModel } from './project.ts';

const codes = [await checkModel('ruff', 'check', '.'), await checkModel('mypy')];
process.exitCode = codes.find((code) => code !== null && code !== 0) ?? 0;
