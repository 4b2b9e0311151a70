import { keysOf } from './overrides.ts';

/**
 * The overrides among `path=value` that change what a model must show: any of `gate`, also of a project's `defaults`. Only
 * mlops.yaml, which is reviewed, may say that of a candidate that is promoted.
 */
export const gateSettings = (overrides: readonly string[]): string[] =>
  overrides.filter((text) => {
    const [first, second] = keysOf(text);
    return first === 'gate' || (first === 'defaults' && (second === 'gate' || second === undefined));
  });

/** The sentence that refuses them. */
export const refusedGateSettings = (input: string, found: readonly string[]): string =>
  `${input}: got ${found.join(', ')} in mode promote, expected no setting of gate: what a model must show stands in mlops.yaml, which is reviewed. Mode evaluate tries another gate`;
