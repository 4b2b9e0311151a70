import prices from './prices.json' with { type: 'json' };

/** The kind of job or endpoint in AWS's price list. */
export type Component =
  | 'processing'
  | 'training'
  | 'transform'
  | 'glue'
  | 'fargate'
  | 'hosting'
  | 'serverless';

/**
 * On-demand price of one instance; for Glue, of one DPU; for Fargate, of one vCPU or GB (x86); for a serverless endpoint, of its
 * time of computing with so much memory.
 */
export interface Price {
  region: string;
  component: Component;
  /** SageMaker's instance type, such as ml.m5.large; otherwise DPU, vCPU or GB; of a serverless endpoint `2048 MB`. */
  instance: string;
  usd_per_hour: number;
  /** Source of the price; `date` is the date of the source (YYYY-MM-DD). */
  source: string;
  date: string;
}

/** The known prices. `node scripts/update-prices.ts REGION...` updates a region's from AWS's price list. */
export const priceTable = prices as readonly Price[];

/** The priced units of an instance and their number: G.2X is two DPUs, `2 vCPU 8 GB` is two vCPUs and eight GB. */
function partsOf(component: Component, instance: string): [unit: string, times: number][] {
  const number = (pattern: RegExp): number => Number(pattern.exec(instance)?.[1] ?? Number.NaN);
  if (component === 'glue') return [['DPU', number(/^G\.(\d+)X$/)]];
  if (component === 'fargate')
    return [
      ['vCPU', number(/^(\d+) vCPU /)],
      ['GB', number(/ (\d+) GB$/)],
    ];
  return [[instance, 1]];
}

/** The price; null if the table has none. Never takes another region's or instance's price instead. */
export function priceOf(
  component: Component,
  instance: string,
  region: string,
  table: readonly Price[] = priceTable,
): Price | null {
  const parts = partsOf(component, instance).map(([unit, times]) => ({
    times,
    price: table.find(
      (price) => price.region === region && price.component === component && price.instance === unit,
    ),
  }));
  const [first] = parts;
  if (first?.price === undefined) return null;
  let usd = 0;
  for (const { times, price } of parts) usd += times * (price?.usd_per_hour ?? Number.NaN);
  if (Number.isNaN(usd)) return null;
  const oldest = parts.flatMap(({ price }) => price?.date ?? []).sort()[0] ?? first.price.date;
  return { ...first.price, instance, usd_per_hour: usd, date: oldest };
}
