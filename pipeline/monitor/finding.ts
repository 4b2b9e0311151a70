/** What one look at production found. */
export type FindingName = 'healthy' | 'watch' | 'decayed' | 'cannot tell';

export interface Finding {
  model: string;
  /** The package that readers see; null: none. */
  package: string | null;
  /** The time of the look. ISO 8601. */
  at: string;
  finding: FindingName;
  /** One sentence. */
  reason: string;
  evidence: Evidence[];
  /** Sentences: what this look could not have seen. */
  blind: string[];
  /** Sentences: what to do. */
  next: string[];
  card: AlarmCard;
}

/** One thing that was judged. */
export interface Evidence {
  kind:
    | 'scores' // drift of the scores
    | 'column' // drift of a column
    | 'missing' // share of missing values of a column
    | 'categories' // categories that training never saw
    | 'estimate' // estimated performance before labels
    | 'labels' // performance with labels: e-SR
    | 'breach'; // was the limit ever breached: e-process
  /** The column, metric or score. */
  name: string;
  outcome: 'pass' | 'alarm' | 'not yet' | 'cannot tell';
  /** One sentence with the numbers. */
  detail: string;
  value: number | null;
  interval: [number, number] | null;
  limit: number | null;
  /** Share of false alarms of this test, where it has one. */
  level: number | null;
  n: number;
  window: { start: string; end: string } | null;
}

/** What an alarm of this monitor means. */
export interface AlarmCard {
  /** Sentences: what is watched. */
  watched: string[];
  /** The false alarms that are allowed, and what is spent of them. */
  budget: {
    drift: { false_alarms_per_year: number; windows_per_year: number; judged: number; spent: number } | null;
    labels: { mean_labels_between_false_alarms: number; read: number } | null;
  };
  /** Sentences with the smallest change that would have been seen by now. */
  smallest: string[];
  /** Sentences. */
  cannot_see: string[];
}
