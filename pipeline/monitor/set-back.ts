import { formatTime } from '../format.ts';
import { alarmCard } from './alarm-card.ts';
import type { Finding } from './finding.ts';
import type { History } from './history.ts';
import type { Look } from './look.ts';

/** The finding of a look at a time before the last look: a clock went back, or two looks overtook each other. */
export function setBack(history: History, look: Look): Finding {
  const at = formatTime(look.at);
  const before = formatTime(history.at ?? look.at);
  return {
    model: look.model,
    package: look.current,
    at: look.at,
    finding: 'cannot tell',
    reason: `This look is at ${at}, before the last one at ${before}: it changed nothing.`,
    evidence: [],
    blind: ['Nothing was judged.'],
    next: [`Look again at a time after ${before}.`],
    card: alarmCard(history, look, { last: null }),
  };
}
