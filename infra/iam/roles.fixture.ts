import { identityOf, type Resource, resourcesOf, stackOf, toolkitOf } from '../environment.fixture.ts';
import type { Environment } from '../environment.ts';
import type { Statement } from './statement.ts';

/** A role as the templates of an environment's three stacks have it. */
export interface DeployedRole {
  /** The statements of its inline and managed policies. */
  readonly policy: readonly Statement[];
  /** Undefined if the company's boundary takes the place of ours, or if it has none. */
  readonly boundary: readonly Statement[] | undefined;
  /** Its managed policies, and its inline policies, as IAM stores them. */
  readonly managed: readonly string[];
  readonly inline: readonly string[];
  readonly trust: readonly { Principal: Record<string, unknown>; Condition?: Statement['Condition'] }[];
}

interface Document {
  readonly Statement: readonly Statement[];
}

/** All roles of an environment, those of GitHub and of the toolkit included, by name. */
export function rolesOf(environment: Environment): Record<string, DeployedRole> {
  const resources = Object.assign(
    {},
    ...[identityOf, toolkitOf, stackOf].map((make) => resourcesOf(make(environment))),
  ) as Record<string, Resource>;
  const managedPolicy = (given: unknown): Document | undefined => {
    const { Ref } = given as { Ref?: string };
    const found =
      Ref === undefined
        ? Object.values(resources).find(({ Properties: { ManagedPolicyName: name } }) =>
            `${given}`.endsWith(`:policy/${name}`),
          )
        : resources[Ref];
    return found?.Properties.PolicyDocument as Document | undefined;
  };
  const roles = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
  return Object.fromEntries(roles.map((role) => [role.Properties.RoleName as string, deployed(role)]));

  function deployed({ Properties }: Resource): DeployedRole {
    const inline = ((Properties.Policies ?? []) as { PolicyDocument: Document }[]).map(
      ({ PolicyDocument }) => PolicyDocument,
    );
    const managed = ((Properties.ManagedPolicyArns ?? []) as unknown[]).map((arn) => {
      const found = managedPolicy(arn);
      if (found === undefined)
        throw new Error(`got the policy ${JSON.stringify(arn)}, expected one of the stack`);
      return found;
    });
    const boundary = Properties.PermissionsBoundary;
    return {
      policy: [...inline, ...managed].flatMap(statementsOf),
      boundary: boundary === undefined ? undefined : managedPolicy(boundary)?.Statement.map(plain),
      managed: managed.map((document) => JSON.stringify(document)),
      inline: inline.map((document) => JSON.stringify(document)),
      trust: (Properties.AssumeRolePolicyDocument as { Statement: DeployedRole['trust'] }).Statement,
    };
  }
}

const statementsOf = ({ Statement }: Document): Statement[] => Statement.map(plain);

/** A statement with lists, and with texts only: a reference would match nothing. */
function plain(statement: Statement): Statement {
  const { Action, Resource } = statement;
  const resources = [Resource].flat() as readonly unknown[];
  const reference = resources.find((resource) => typeof resource !== 'string');
  if (reference !== undefined)
    throw new Error(`got the resource ${JSON.stringify(reference)}, expected an ARN written down`);
  return { ...statement, Action: [Action].flat(), Resource: [Resource].flat() };
}
