import { readdir, readFile, readlink } from 'node:fs/promises';
import { hasLine, processIds, stateOf } from '../linux-processes.ts';

/** An address on which a program accepts TCP connections. */
export interface Listener {
  /** As text, without brackets: `0.0.0.0`, `127.0.0.1`, `::1`. */
  readonly host: string;
  readonly port: number;
}

const LISTENS = '0A';

/**
 * The addresses on which a process group, and every process with this line in its environment, listen. Only Linux tells:
 * elsewhere undefined.
 * @param mark - a line of the environment that no other program has, because a server may leave its group; null: none
 */
export async function listenersOf(group: number, mark: string | null): Promise<Listener[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const listening = new Map<string, Listener>();
  for (const line of tables.join('\n').split('\n')) {
    // "sl: local_address remote_address state queues timer retransmits uid timeout inode ..."
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [host = '', port = ''] = local.split(':');
    if (state === LISTENS) listening.set(inode, { host: hostOf(host), port: Number.parseInt(port, 16) });
  }
  if (listening.size === 0) return [];
  const found: Listener[] = [];
  for (const pid of await processIds()) {
    const belongs = (await stateOf(pid)).group === group || (mark !== null && (await hasLine(pid, mark)));
    if (!belongs) continue;
    for (const inode of await socketsOf(pid)) {
      const listener = listening.get(inode);
      if (listener === undefined) continue;
      found.push(listener);
      listening.delete(inode);
    }
  }
  return found;
}

/** Whether a connection to 127.0.0.1 reaches the address. */
export const isReachable = ({ host }: Listener): boolean =>
  ['0.0.0.0', '127.0.0.1', '::', '::ffff:0:0', '::ffff:7f00:1'].includes(host);

/** The inodes of a process's sockets. */
async function socketsOf(pid: string): Promise<string[]> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

/** The kernel writes addresses as hexadecimal words of four bytes, each in the machine's order: little-endian. */
function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (256 * (bytes[2 * at] ?? 0) + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
