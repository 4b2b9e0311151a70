import { type Claims, issuer } from '../github/token-trust.ts';
import { type Check, ok, problem, warning } from './check.ts';

interface TrustPolicy {
  Statement?: Statement | Statement[];
}

interface Statement {
  Effect?: string;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** Operators that fail if a token lacks the claim. ForAllValues and those with IfExists let such a token in. */
const demanding = ['StringEquals', 'StringLike'];

/** The claims that each statement of a role's trust policy demands of GitHub's tokens, except their audience. */
export function claimsTrusted(policy: TrustPolicy): Claims[] {
  const statements = [policy.Statement ?? []].flat().filter(({ Effect }) => Effect === 'Allow');
  return statements.map(({ Condition = {} }) => {
    const demanded = Object.entries(Condition).flatMap(([operator, keys]) =>
      demanding.includes(operator) ? Object.entries(keys) : [],
    );
    return Object.fromEntries(
      demanded.flatMap(([key, values]) => {
        const claim = key.slice(key.lastIndexOf(':') + 1);
        return claim === 'aud' ? [] : [[claim, [values].flat()]];
      }),
    );
  });
}

/**
 * Compares the tokens that a role trusts with those of the repository's workflows.
 *
 * @param found.trusted the claims that each statement demands; null if the role does not exist
 * @param found.expected the claims of the workflows' tokens, why they are not known, or null if there should be no role
 */
export function trustCheck(found: {
  name: string;
  role: string;
  environment: string;
  trusted: Claims[] | null;
  expected: Claims | string | null;
}): Check {
  const { name, role, environment, trusted, expected } = found;
  const mend = `\`npm run bootstrap -- --environment ${environment}\`, as an administrator of the account.`;
  if (expected === null)
    return trusted === null
      ? ok(name, `none in ${environment}, where a person approves`)
      : problem(
          name,
          `there is a role ${role}, though mlops.yaml lets no pull request run in ${environment}`,
          `${mend} It removes the role. Or set environments.${environment}.pull_request_role: true.`,
        );
  if (trusted === null) return problem(name, `there is no role ${role}`, `${mend} It creates the role.`);
  const trusts = `${role} trusts ${trusted.map(describe).join(', or ') || 'nobody'}`;
  if (trusted.some(({ sub }) => sub === undefined || sub.some((subject) => /[*?]/.test(subject))))
    return problem(name, `${trusts}: it lets others in`, mend);
  if (typeof expected === 'string')
    return warning(
      name,
      `${trusts}; not compared with this repository: ${expected}`,
      'Set GITHUB_TOKEN and run this again.',
    );
  const both = `${trusts}; this repository sends ${describe(expected)}`;
  const [only, ...others] = trusted.map(describe);
  return only === describe(expected) && others.length === 0 ? ok(name, both) : problem(name, both, mend);
}

/** `sub A or B and ref C`, in a fixed order. */
function describe(claims: Claims): string {
  const demanded = Object.entries(claims).map(
    ([claim, values]) => `${claim} ${[...values].sort().join(' or ')}`,
  );
  return demanded.length === 0 ? `every token of ${issuer}` : demanded.sort().reverse().join(' and ');
}
