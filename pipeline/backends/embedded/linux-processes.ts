/** Processes as Linux shows them in /proc. Of one that has ended, or that is another user's, there is nothing to read. */
import { readdir, readFile } from 'node:fs/promises';

export const processIds = async (): Promise<string[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name));

/** The fields of `/proc/PID/stat` from the third on: state, parent, group. The second is a name, which may hold any text. */
export const statFields = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

export async function stateOf(pid: string): Promise<{ state: string; group: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state = '', , group] = statFields(stat);
  return { state, group: Number(group) };
}

/** Whether a process was started with this line in its environment. */
export async function hasLine(pid: string, line: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.split('\0').includes(Buffer.from(line).toString('latin1'));
}
