/** The state of a model's runs on this machine, to check. */
export interface State {
  /** The folder with all state. */
  home: string;
  project: string;
  model: string;
  repair: boolean;
}

export const repairs = '`mlops doctor --repair` fixes this.';
