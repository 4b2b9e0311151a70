import type { Config } from './schema.ts';

/** The size of a prepare job, as its service takes it and bills it. */
export type PrepareSize =
  | { engine: 'processing'; instance: string; count: number }
  /** Workers of one type: the driver, which prepares, and the fewest executors that Glue adds. */
  | { engine: 'glue'; instance: string; count: number }
  /** CPU units (1024 per vCPU), MiB of memory and GiB of disk, as ECS writes them. */
  | { engine: 'fargate'; instance: string; count: number; cpu: string; memory: string; disk_gib: number };

/** GB of memory per vCPU, by the family's first letter. Families with accelerators have no equal on Glue or Fargate. */
const memoryPerCpu: Record<string, number> = { c: 2, m: 4, t: 4, r: 8 };
const named: Record<string, number> = { medium: 2, large: 2, xlarge: 4 };

/** vCPUs and GB of an instance type such as `ml.m5.2xlarge`; null if the name does not tell. */
function sizeOf(type: string): { cpus: number; gb: number } | null {
  const [, family = '', letter = '', size = ''] = /^ml\.(([a-z])[a-z0-9]*)\.([a-z0-9]+)$/.exec(type) ?? [];
  const cpus = named[size] ?? 4 * Number(/^(\d+)xlarge$/.exec(size)?.[1] ?? Number.NaN);
  // The digit after the letter tells t3 from trn1.
  const perCpu = /^[cmrt]\d/.test(family) ? memoryPerCpu[letter] : undefined;
  if (perCpu === undefined || Number.isNaN(cpus)) return null;
  return { cpus, gb: size === 'medium' ? cpus * 2 : cpus * perCpu };
}

/** https://docs.aws.amazon.com/glue/latest/dg/worker-types.html: name, DPUs, vCPUs, GB. */
const workers = [
  ['G.1X', 4, 16],
  ['G.2X', 8, 32],
  ['G.4X', 16, 64],
  ['G.8X', 32, 128],
] as const;
/** The driver and one executor: Glue starts no fewer. */
const fewestWorkers = 2;

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html: vCPUs; GB from, to, step */
const tasks = [
  [1, 2, 8, 1],
  [2, 4, 16, 1],
  [4, 8, 30, 1],
  [8, 16, 60, 4],
  [16, 32, 120, 8],
] as const;
/** GiB of a task's disk. */
const disk = { least: 21, most: 200 };

/**
 * The size of the prepare job: the instance itself, or the engine's smallest size with at least the instance's vCPUs
 * and memory. If there is none, the error text (found and expected, without the setting's name).
 */
export function prepareSize({ engine, instance }: Config['prepare']): PrepareSize | string {
  const { type, count, volume_gb } = instance;
  if (engine === 'processing') return { engine, instance: type, count };
  const wanted = sizeOf(type);
  const expected = `expected a type of the families c, m, r and t that engine ${engine} can match`;
  if (wanted === null) return `got ${JSON.stringify(type)}, ${expected}`;
  const { cpus, gb } = wanted;
  const found = `got ${JSON.stringify(type)} (${cpus} vCPUs, ${gb} GB), ${expected}`;
  if (engine === 'glue') {
    const worker = workers.find((one) => one[1] >= cpus && one[2] >= gb);
    if (worker === undefined) return `${found}: at most 32 vCPUs and 128 GB`;
    return { engine, instance: worker[0], count: fewestWorkers };
  }
  const task = tasks.find((one) => one[0] >= cpus && one[2] >= gb);
  if (task === undefined) return `${found}: at most 16 vCPUs and 120 GB`;
  const [vcpus, from, , step] = task;
  const memory = Math.max(from, Math.ceil(gb / step) * step);
  return {
    engine,
    instance: `${vcpus} vCPU ${memory} GB`,
    count,
    cpu: String(vcpus * 1024),
    memory: String(memory * 1024),
    disk_gib: Math.max(disk.least, volume_gb),
  };
}

/** Problems of a job's size and length with its engine: settings under `prepare`, each with its error text. */
export function* sizeProblems(prepare: Config['prepare']): Iterable<[setting: string, message: string]> {
  const { engine, instance, max_runtime } = prepare;
  const size = prepareSize(prepare);
  if (typeof size === 'string') yield ['instance.type', size];
  if (engine === 'fargate' && instance.volume_gb > disk.most)
    yield [
      'instance.volume_gb',
      `got ${instance.volume_gb}, expected at most ${disk.most} with engine fargate`,
    ];
  const week = 7 * 24 * 3600;
  if (engine === 'glue' && max_runtime > week)
    yield ['max_runtime', `got ${max_runtime} seconds, expected at most 7d with engine glue`];
}
