import type { ModelPlots } from '../../statistics/plots.ts';
import type { Guide, Standing } from './guide.ts';
import type { SearchedTrial } from './searched-trials.ts';

/** Facts that the report shows beside the verdict; kept with the run. */
export interface Evidence {
  plots: Plots;
  explanation: Explanation | null;
  tuning: TuningFacts | null;
  /** Operating threshold of a binary candidate. */
  threshold: number | null;
  notes: string[];
  /** Notes in the model's own words. */
  model_notes?: string[];
  /** The number of groups that the models are compared on; absent unless the split is by group. */
  groups?: number;
}

export interface Plots {
  candidate: ModelPlots;
  champion: ModelPlots | null;
}

export interface Explanation {
  /** Kind of the values, such as "coefficients"; unit gives their unit (log-odds per standard deviation, say). */
  kind: string;
  unit: string;
  features: {
    name: string;
    value: number;
    champion?: number | null;
    /** Multiclass: the label of the class that the value belongs to. */
    class?: string;
  }[];
}

export interface TuningFacts {
  strategy: string;
  /** The strategy that ran: it differs where the backend does not have the requested one. */
  ran_as: string;
  objective: { metric: string; goal: 'maximize' | 'minimize' };
  trials: SearchedTrial[];
  /** Name of the best trial. */
  best: string | null;
  /** The number of earlier tuning jobs that it started from, and their best objective value. */
  warm_start?: { parents: number; best: number | null };
  /** Present with tuning.guided. */
  guidance?: {
    /** The earlier runs and trials that guided it, and the ranges that it narrowed; null if it was not guided yet. */
    guide: Guide | null;
    /** Why it was not guided. */
    why: string | null;
    /** Guided against random trials over all like runs, this one included. */
    standing: Standing;
  };
}
