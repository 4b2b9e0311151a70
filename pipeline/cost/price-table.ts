import prices from './prices.json' with { type: 'json' };

/** What a job is billed as. A batch transform is billed as hosting is. */
export type Component = 'processing' | 'training' | 'transform' | 'glue' | 'fargate';

/** On-demand price of one instance; of Glue of one DPU, of Fargate of one vCPU or GB (x86). */
export interface Price {
  region: string;
  component: Component;
  /** As SageMaker calls it: ml.m5.large. Else DPU, vCPU or GB. */
  instance: string;
  usd_per_hour: number;
  /** Where the number is from, and when it held there (YYYY-MM-DD). */
  source: string;
  date: string;
}

/** The prices that are known; `node scripts/update-prices.ts REGION...` writes a region's from AWS's own price list. */
export const priceTable = prices as readonly Price[];

/** What is priced of an instance, and how often: a Glue worker G.2X has two DPUs, `2 vCPU 8 GB` is both. */
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

/** null where the table has no such price: none is ever made from another region's or instance's. */
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
