const hour = 3600;

/** The time between two starts of a schedule, in seconds; a day where it is none of EventBridge's named ones. */
export function periodOf(schedule: string): number {
  return (
    { hourly: hour, daily: 24 * hour, weekly: 7 * 24 * hour, monthly: 30 * 24 * hour }[schedule] ?? 24 * hour
  );
}
