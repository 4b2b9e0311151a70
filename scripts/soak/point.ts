/**
 * A moment of a run: so many seconds after the process has started; so many seconds after an event of the state machine was
 * written; or just before the n-th change of a file or folder in the state folder.
 */
export type Point =
  | { start: number }
  | { event: string; state: string | null; seconds: number }
  | { write: number };

export function nameOf(point: Point): string {
  if ('start' in point) return `${point.start} s after the start`;
  if ('write' in point) return `before write ${point.write}`;
  const { event, state, seconds } = point;
  return `${state === null ? '' : `${state}: `}${event}${seconds === 0 ? '' : ` + ${seconds} s`}`;
}

interface Event {
  type: string;
  state?: string;
  resource?: string;
}

/** Events at which a run's state differs from that before: files were written, jobs started or ended. */
const told = /^(Execution|StateEntered|TaskSucceeded|TaskFailed)/;

/**
 * All points of a run that wrote these events: each event once, and the middle of every job.
 * @param events the lines of events.jsonl
 */
export function pointsOf(events: string): Point[] {
  const points = new Map<string, Point>();
  const add = (point: Point) => points.set(nameOf(point), point);
  // While the program loads, and while the run is prepared.
  for (const start of [0.05, 0.3, 0.6]) add({ start });
  for (const line of events.trim().split('\n')) {
    const { type: event, state = null, resource = '' } = JSON.parse(line) as Event;
    if (told.test(event)) add({ event, state, seconds: 0 });
    if (event === 'TaskStarted' && resource.endsWith('.sync'))
      for (const seconds of [0.3, 1]) add({ event, state, seconds });
  }
  return [...points.values()];
}
