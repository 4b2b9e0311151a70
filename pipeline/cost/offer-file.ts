import type { Component, Price } from './price-table.ts';

/** AWS's price list of one service in one region: the fields that are read here. */
export interface OfferFile {
  /** ISO 8601. */
  publicationDate: string;
  products: Record<string, { attributes: { usagetype?: string } }>;
  terms: {
    OnDemand: Record<
      string,
      Record<
        string,
        { priceDimensions: Record<string, { unit: string; pricePerUnit: Record<string, string> }> }
      >
    >;
  };
}

/** The services whose prices are read. */
export const services = ['AmazonSageMaker', 'AWSGlue', 'AmazonECS'] as const;
type Service = (typeof services)[number];

/** The public URL of an offer file. */
export const offerUrl = (service: Service, region: string): string =>
  `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/${service}/current/${region}/index.json`;

const components: Record<string, Component> = {
  Processing: 'processing',
  Train: 'training',
  Tsform: 'transform',
  Host: 'hosting',
};

/** Usage types without the region's prefix, and the component and unit that they price. */
const units: Record<string, [Component, string]> = {
  'ETL-DPU-Hour': ['glue', 'DPU'],
  'Fargate-vCPU-Hours:perCPU': ['fargate', 'vCPU'],
  'Fargate-GB-Hours': ['fargate', 'GB'],
};

function billedBy(usagetype: string): [Component, string] | null {
  const plain = usagetype.replace(/^[A-Z]{2,4}\d-/, '');
  const [, kind = '', instance = ''] = /^(Processing|Train|Tsform|Host):(ml\.[\w.-]+)$/.exec(plain) ?? [];
  const component = components[kind];
  if (component !== undefined) return [component, instance];
  const memory = /^ServerlessInf:Mem-(\d)GB$/.exec(plain)?.[1];
  if (memory !== undefined) return ['serverless', `${Number(memory) * 1024} MB`];
  return units[plain] ?? null;
}

/** Hours of a unit of the price list; null for units of something else than time. */
function hoursOf(unit: string): number | null {
  if (/^(hrs?|hours?|(dpu|vcpu|gb)-hours?)$/i.test(unit)) return 1;
  return /^(secs?|seconds?)$/i.test(unit) ? 1 / 3600 : null;
}

/**
 * The prices of jobs and endpoints in a region's offer file, sorted by component and instance. Leaves out warm pools,
 * notebooks, provisioned concurrency, crawlers and spot tasks.
 */
export function pricesIn(file: OfferFile, service: Service, region: string): Price[] {
  const prices = Object.entries(file.products).flatMap(([sku, { attributes }]) => {
    const { usagetype = '' } = attributes;
    const billed = billedBy(usagetype);
    const dimensions = Object.values(file.terms.OnDemand[sku] ?? {}).flatMap(({ priceDimensions }) =>
      Object.values(priceDimensions),
    );
    const priced = dimensions.flatMap(({ unit, pricePerUnit }) => {
      const hours = hoursOf(unit);
      // A price of a second has few digits: 0.00004 an hour is 0.144, not 0.14400000000000002.
      return hours === null ? [] : [Number((Number(pricePerUnit.USD) / hours).toPrecision(12))];
    });
    const [usd = Number.NaN] = priced;
    if (billed === null || !(usd > 0)) return [];
    const [component, instance] = billed;
    const source = `AWS Price List, ${service}, usage type ${usagetype}`;
    return [
      { region, component, instance, usd_per_hour: usd, source, date: file.publicationDate.slice(0, 10) },
    ];
  });
  return prices.sort(byPlace);
}

/** The table with one region's prices replaced and all others kept. */
export const withRegion = (table: readonly Price[], region: string, prices: readonly Price[]): Price[] =>
  [...table.filter((price) => price.region !== region), ...prices].sort(byPlace);

const byPlace = (a: Price, b: Price): number => {
  const [one, other] = [a, b].map(
    ({ region, component, instance }) => `${region} ${component} ${instance}`,
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
};
