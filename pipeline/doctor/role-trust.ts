import { type Check, ok, problem, warning } from './check.ts';

/** The parts after `repo:OWNER/REPO:` of the subjects that a deploy role must trust. */
export const subjectsExpected = (environment: string, approval: boolean): string[] => [
  `environment:${environment}`,
  ...(approval ? [`environment:${environment}-approval`] : []),
];

interface TrustPolicy {
  Statement?: Statement | Statement[];
}

interface Statement {
  Effect?: string;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** The subjects of GitHub's tokens that a role's trust policy accepts; `*` if a statement does not restrict them. */
export function subjectsTrusted(policy: TrustPolicy): string[] {
  const statements = [policy.Statement ?? []].flat().filter(({ Effect }) => Effect === 'Allow');
  return statements.flatMap(({ Condition = {} }) => {
    const subjects = Object.values(Condition).flatMap((keys) =>
      Object.entries(keys).flatMap(([key, values]) => (key.endsWith(':sub') ? [values].flat() : [])),
    );
    return subjects.length > 0 ? subjects : ['*'];
  });
}

/**
 * Compares the subjects that a role trusts with those of the repository's workflows.
 *
 * @param found.trusted null if the role does not exist
 * @param found.expected the subjects, or why they are not known
 */
export function trustCheck(found: {
  name: string;
  role: string;
  environment: string;
  trusted: string[] | null;
  expected: string[] | string;
}): Check {
  const { name, role, environment, trusted, expected } = found;
  const mend = `\`npm run bootstrap -- --environment ${environment}\`, as an administrator of the account.`;
  if (trusted === null) return problem(name, `there is no role ${role}`, `${mend} It creates the role.`);
  const trusts = `${role} trusts ${trusted.join(', ') || 'nobody'}`;
  const open = trusted.filter((subject) => /[*?]/.test(subject));
  if (open.length > 0) return problem(name, `${trusts}: the wildcard lets others in`, mend);
  if (typeof expected === 'string') {
    return warning(
      name,
      `${trusts}; not compared with this repository: ${expected}`,
      'Set GITHUB_TOKEN and run this again.',
    );
  }
  const same = [...trusted].sort().join('\n') === [...expected].sort().join('\n');
  const both = `${trusts}; this repository sends ${expected.join(', ')}`;
  return same ? ok(name, both) : problem(name, both, mend);
}
