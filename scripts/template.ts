import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checks that `npm test` runs: the template's own, or only those of the user's files (mlops.yaml and the model). */
export interface Whose {
  checks: 'template' | 'project';
  /** The reason, in a clause. */
  because: string;
  /** Whether fixtures/sample has to equal the sample, which only the template's own repository requires. */
  holdsSample: boolean;
}

/**
 * "Use this template" copies every file, so no file can tell a user's repository from the template. A changed sample can.
 * TEMPLATE_CHECKS, which .github/workflows/ci.yml sets, takes precedence.
 */
export function whoseChecks(root: string, env: Record<string, string | undefined>): Whose {
  const { TEMPLATE_CHECKS: asked = '', GITHUB_EVENT_PATH: event = '' } = env;
  if (!['', 'true', 'false'].includes(asked))
    throw new Error(`TEMPLATE_CHECKS: got ${JSON.stringify(asked)}, expected true or false`);
  const [changed] = changedSample(root);
  const checks = asked === 'true' || (asked === '' && changed === undefined) ? 'template' : 'project';
  const seen =
    changed === undefined
      ? 'mlops.yaml and model/ are the sample that the template comes with'
      : `${changed} is not what the template comes with`;
  return {
    checks,
    because: asked === '' ? seen : `TEMPLATE_CHECKS is ${asked}`,
    // On GitHub a user's repository may ask for the template's checks, too.
    holdsSample: checks === 'template' && (event === '' || isTemplate(event)),
  };
}

/** Files of mlops.yaml and model/ that differ from the copy in fixtures/sample. */
export function changedSample(root: string): string[] {
  const copy = join(root, 'fixtures/sample');
  const files = new Set(['mlops.yaml', ...filesIn(copy, 'model'), ...filesIn(root, 'model/src')]);
  const bytes = (file: string) => (existsSync(file) ? readFileSync(file, 'latin1') : null);
  return [...files].filter((file) => bytes(join(root, file)) !== bytes(join(copy, file))).sort();
}

/** Paths of the files below a folder, without leftovers of Python and editors. */
function filesIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (/^\.|^__pycache__$|\.egg-info$/.test(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(root, path) : [path];
  });
}

/** Whether the event says that the workflow's repository is a template. */
function isTemplate(event: string): boolean {
  const { repository } = JSON.parse(readFileSync(event, 'utf8')) as {
    repository?: { is_template?: boolean };
  };
  return repository?.is_template === true;
}
