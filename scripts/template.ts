import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whose checks `npm test` runs: the template's own, or only those of what a user owns (mlops.yaml and the model). */
export interface Whose {
  checks: 'template' | 'project';
  /** Why, in a sentence. */
  because: string;
  /** Whether fixtures/sample has to equal the sample: in the template's own repository alone. */
  holdsSample: boolean;
}

/**
 * "Use this template" copies every file, so no file can tell a user's repository from the template. What tells is that a
 * user changes the sample. Where TEMPLATE_CHECKS is set, it decides; .github/workflows/ci.yml sets it.
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
    // On GitHub a user's repository, too, may ask for the template's checks.
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

/** Paths of the files below a folder, without what Python and editors leave there. */
function filesIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (/^\.|^__pycache__$|\.egg-info$/.test(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(root, path) : [path];
  });
}

/** What GitHub says of the repository that a workflow runs in. */
function isTemplate(event: string): boolean {
  const { repository } = JSON.parse(readFileSync(event, 'utf8')) as {
    repository?: { is_template?: boolean };
  };
  return repository?.is_template === true;
}
