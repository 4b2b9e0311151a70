/** What each outcome of a binary decision costs, in any unit; below 0 is a gain. */
export interface Costs {
  true_positive: number;
  false_positive: number;
  true_negative: number;
  false_negative: number;
}

/**
 * The lowest probability at which predicting the positive class costs no more than predicting the negative one, if the
 * probabilities are calibrated: (FP - TN) / (FP - TN + FN - TP) (Elkan, IJCAI 2001). Errors must cost more than right
 * decisions.
 */
export function costThreshold(costs: Costs): number {
  const { true_positive: tp, false_positive: fp, true_negative: tn, false_negative: fn } = costs;
  return (fp - tn) / (fp - tn + fn - tp);
}
