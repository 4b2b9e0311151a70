/** A rule of a lifecycle policy, as ECR takes it. */
interface Rule {
  readonly rulePriority: number;
  readonly selection: {
    readonly tagStatus: 'tagged' | 'untagged' | 'any';
    readonly tagPrefixList?: readonly string[];
    readonly countType: 'imageCountMoreThan' | 'sinceImagePushed';
    readonly countUnit?: 'days';
    readonly countNumber: number;
  };
}

export interface StoredImage {
  readonly digest: string;
  readonly tags: readonly string[];
  /** In days. A further tag does not change it. */
  readonly pushed: number;
}

/**
 * The images that ECR removes on a day: "Lifecycle policy evaluation rules" of its user guide
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules). Every rule selects
 * among all images at once; then the rules apply by priority. An image that has the tags of a rule is not removed by a rule
 * of lower priority, also where the first rule does not remove it.
 */
export function expired(policy: string, images: readonly StoredImage[], today: number): StoredImage[] {
  const { rules } = JSON.parse(policy) as { rules: readonly Rule[] };
  const decided = new Set<StoredImage>();
  const removed: StoredImage[] = [];
  for (const { selection } of [...rules].sort((a, b) => a.rulePriority - b.rulePriority)) {
    const selected = images.filter((image) => hasTags(image, selection)).sort((a, b) => b.pushed - a.pushed);
    const marked =
      selection.countType === 'imageCountMoreThan'
        ? selected.slice(selection.countNumber)
        : selected.filter(({ pushed }) => today - pushed > selection.countNumber);
    removed.push(...marked.filter((image) => !decided.has(image)));
    for (const image of selected) decided.add(image);
  }
  return removed;
}

function hasTags({ tags }: StoredImage, { tagStatus, tagPrefixList = [] }: Rule['selection']): boolean {
  if (tagStatus === 'any') return true;
  if (tagStatus === 'untagged') return tags.length === 0;
  // Every prefix of the list needs a tag of the image.
  return tags.length > 0 && tagPrefixList.every((prefix) => tags.some((tag) => tag.startsWith(prefix)));
}
