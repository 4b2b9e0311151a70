import type { Trial } from '../../ports.ts';
import type { ModelPlots } from '../../statistics/plots.ts';

/** What the report shows beside the verdict; kept with the run. */
export interface Evidence {
  plots: Plots;
  explanation: Explanation | null;
  tuning: TuningFacts | null;
  /** Operating threshold of a binary candidate. */
  threshold: number | null;
  notes: string[];
}

export interface Plots {
  candidate: ModelPlots;
  champion: ModelPlots | null;
}

export interface Explanation {
  /** "coefficients": log-odds per standard deviation or category, or whatever unit says. */
  kind: string;
  unit: string;
  features: {
    name: string;
    value: number;
    champion?: number | null;
    /** Multiclass: the label of the class that the value is of. */
    class?: string;
  }[];
}

export interface TuningFacts {
  strategy: string;
  /** The strategy that really ran, where the backend has not the one asked for. */
  ran_as: string;
  objective: { metric: string; goal: 'maximize' | 'minimize' };
  trials: Trial[];
  /** Name of the best trial. */
  best: string | null;
  /** The earlier tuning jobs that it started from, and the best value of the objective that they knew. */
  warm_start?: { parents: number; best: number | null };
}
