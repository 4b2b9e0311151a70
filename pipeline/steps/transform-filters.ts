import type { Manifest } from './context.ts';

/**
 * The filters of a batch transform job: the input filter picks the part of a row that the model sees, the output filter the part
 * of row and answer that is kept. CSV rows are `kept_1..k,feature_1..m`: the model sees the m features; the output keeps the
 * first k columns and the model's answer. JSON Lines are `{ kept..., features }`.
 *
 * @param kept how many columns of CSV stand before the features, and the members of JSON Lines beside `features`
 */
export function transformFilters(
  { content_type, features }: Pick<Manifest, 'content_type' | 'features'>,
  kept: { columns: number; members: readonly string[] },
): { input_filter: string; output_filter: string } {
  if (content_type === 'application/jsonlines') {
    const members = [...kept.members, 'SageMakerOutput'].map((name) => `'${name}'`).join(',');
    return { input_filter: '$.features', output_filter: `$[${members}]` };
  }
  const indexes = Array.from({ length: kept.columns }, (_, index) => index).join(',');
  return {
    input_filter: `$[${kept.columns}:]`,
    output_filter: `$[${indexes},${kept.columns + features.length}:]`,
  };
}
