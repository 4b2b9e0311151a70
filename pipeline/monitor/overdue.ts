const hour = 3600;
const day = 24 * hour;

const named: Readonly<Record<string, number>> = {
  hourly: hour,
  daily: day,
  weekly: 7 * day,
  monthly: 31 * day,
};

const units: Readonly<Record<string, number>> = { minute: 60, hour, day };

/**
 * The most seconds between two times of a schedule of mlops.yaml (hourly, daily, weekly, monthly, cron(...), rate(...)). A
 * cron expression gets the bound of its coarsest field that names some values only, so it may come more often: cron(0 3 1,15
 * * ? *) counts as a month. Infinity: a cron expression that names years, which may never come again.
 */
export function longestGap(schedule: string): number {
  const known = named[schedule];
  if (known !== undefined) return known;
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  if (count !== undefined) return Number(count) * (units[unit] ?? Number.NaN);
  const [, text] = /^cron\((.+)\)$/.exec(schedule) ?? [];
  const fields = text?.trim().split(/\s+/) ?? [];
  const [, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if (fields.length !== 6)
    throw new Error(`got the schedule ${JSON.stringify(schedule)}, expected one that mlops.yaml takes`);
  const isAny = (field: string | undefined) => field === '*' || field === '?';
  if (!isAny(year)) return Number.POSITIVE_INFINITY;
  // 29 February comes every four years, and not in most of the years that end a century.
  if (!isAny(month)) return 8 * 366 * day;
  // A month may lack the day.
  if (!isAny(dayOfMonth)) return 62 * day;
  if (!isAny(dayOfWeek)) return dayOfWeek?.includes('#') ? 98 * day : 7 * day;
  return isAny(hours) ? hour : day;
}

/** Hours that a look may take without being overdue. */
const longestLook = 6;

/** How late looks are: hours since the last one, the most that the schedule allows, and whether that is too long. */
export interface Lateness {
  hours: number;
  most: number;
  isOverdue: boolean;
}

/**
 * Whether looks at production still come.
 * @param last the time of the last look, or from when looks are expected; ISO 8601. One that is no time is overdue.
 * @param schedule monitoring.schedule of mlops.yaml
 */
export function lateness(last: string, schedule: string, now: Date): Lateness {
  const hours = (now.getTime() - Date.parse(last)) / 3_600_000;
  const most = longestGap(schedule) / hour + longestLook;
  return { hours, most, isOverdue: !(hours <= most) };
}
