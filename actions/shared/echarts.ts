/** Stands in bundles for the whole of ECharts: what pipeline/report/charts.ts draws with, a third of it. */
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, ScatterChart, GridComponent, SVGRenderer]);

export { init };
