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
};

/** Usage types without the region's prefix, and the component and unit that they price. */
const units: Record<string, [Component, string]> = {
  'ETL-DPU-Hour': ['glue', 'DPU'],
  'Fargate-vCPU-Hours:perCPU': ['fargate', 'vCPU'],
  'Fargate-GB-Hours': ['fargate', 'GB'],
};

function billedBy(usagetype: string): [Component, string] | null {
  const plain = usagetype.replace(/^[A-Z]{2,4}\d-/, '');
  const [, kind = '', instance = ''] = /^(Processing|Train|Tsform):(ml\.[\w.-]+)$/.exec(plain) ?? [];
  const component = components[kind];
  return component === undefined ? (units[plain] ?? null) : [component, instance];
}

/**
 * The prices of jobs in a region's offer file, sorted by component and instance. Leaves out warm pools, notebooks,
 * endpoints, crawlers and spot tasks.
 */
export function pricesIn(file: OfferFile, service: Service, region: string): Price[] {
  const prices = Object.entries(file.products).flatMap(([sku, { attributes }]) => {
    const { usagetype = '' } = attributes;
    const billed = billedBy(usagetype);
    const dimensions = Object.values(file.terms.OnDemand[sku] ?? {}).flatMap(({ priceDimensions }) =>
      Object.values(priceDimensions),
    );
    const hourly = dimensions.find(({ unit }) => /^(hrs?|hours?|(dpu|vcpu|gb)-hours?)$/i.test(unit))
      ?.pricePerUnit.USD;
    const usd = Number(hourly);
    if (billed === null || hourly === undefined || !(usd > 0)) return [];
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
