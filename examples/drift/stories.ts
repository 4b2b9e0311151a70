/** What happens to the relation of people and leaving, to the people, and to the labels, week by week. */
export interface Story {
  about: string;
  /** How far the old relation has given way to the new one in a week: 0 to 1. */
  changed: (week: number) => number;
  /** How far the people are others than those of training in a week: 0 to 1. */
  moved: (week: number) => number;
  /** Weeks after the end of a row's week until its label is known; null: never. */
  labelDelay: (leaves: boolean) => number | null;
}

/** The week, from 0, in which stories change. */
export const CHANGE = 12;

const never = () => 0;
const suddenly = (week: number) => (week >= CHANGE ? 1 : 0);
const aWeek = () => 1;

export const stories = {
  healthy: { about: 'Nothing changes.', changed: never, moved: never, labelDelay: aWeek },
  sudden: {
    about: `In week ${CHANGE} overtime is paid and work is done from home: what made people leave no longer does.`,
    changed: suddenly,
    moved: never,
    labelDelay: aWeek,
  },
  gradual: {
    about: `The same change, over twelve weeks from week ${CHANGE - 6} on.`,
    changed: (week) => Math.min(1, Math.max(0, (week - CHANGE + 6) / 12)),
    moved: never,
    labelDelay: aWeek,
  },
  covariate: {
    about: `In week ${CHANGE} other people come, with less pay and more overtime; what makes people leave stays.`,
    changed: never,
    moved: suddenly,
    labelDelay: aWeek,
  },
  late: {
    about: `The sudden change, and whoever leaves is known after a week, but that somebody stayed only after five.`,
    changed: suddenly,
    moved: never,
    labelDelay: (leaves) => (leaves ? 1 : 5),
  },
  never: {
    about: 'The sudden change, and no label ever comes.',
    changed: suddenly,
    moved: never,
    labelDelay: () => null,
  },
} satisfies Record<string, Story>;

export type StoryName = keyof typeof stories;
