import { SetupError } from '../errors.ts';

/** The fields of GET /repos/OWNER/REPO (GitHub's REST API) that decide the subject. */
export interface Repository {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
  readonly owner: { readonly id: number; readonly login: string };
}

/** GET /repos/OWNER/REPO/actions/oidc/customization/sub. */
export interface SubjectTemplate {
  readonly use_default: boolean;
  readonly use_immutable_subject?: boolean;
  readonly sub_claim_prefix?: string;
}

/** The tokens of repositories created, renamed or transferred since then contain the ids of owner and repository. */
const idsSince = Date.parse('2026-07-15T00:00:00Z');

/**
 * The prefix of the subject of every token of the repository's workflows: `repo:OWNER/REPO`, or
 * `repo:OWNER@ID/REPO@ID` (https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims). The
 * prefix in GitHub's answer decides, then its flag, then the repository's age. On older servers, which state neither,
 * a renamed repository needs --subject-prefix. Throws SetupError if the subject is customized or the prefix is
 * another repository's.
 */
export function subjectPrefix(repository: Repository, template: SubjectTemplate): string {
  const { id, name, owner, created_at } = repository;
  const plain = `repo:${owner.login}/${name}`;
  const withIds = `repo:${owner.login}@${owner.id}/${name}@${id}`;
  if (!template.use_default)
    throw new SetupError(
      `${owner.login}/${name}: got a customized OIDC subject, expected GitHub's default: ` +
        'reset it in the settings (Actions, OIDC); otherwise the roles would trust a subject that is never sent',
    );
  if (template.sub_claim_prefix !== undefined) {
    const given = template.sub_claim_prefix.replace(/:$/, '');
    if (given === plain || given === withIds) return given;
    throw new SetupError(
      `${owner.login}/${name}: got the OIDC subject prefix ${given}, expected ${withIds} or ${plain}`,
    );
  }
  if (template.use_immutable_subject !== undefined) return template.use_immutable_subject ? withIds : plain;
  const created = Date.parse(created_at);
  if (Number.isNaN(created))
    throw new SetupError(
      `${owner.login}/${name}: got created_at ${JSON.stringify(created_at)}, expected a time`,
    );
  return created >= idsSince ? withIds : plain;
}
