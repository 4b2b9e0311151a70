/** Replaces echarts in bundles by the parts that pipeline/report/charts.ts draws with. */
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, ScatterChart, GridComponent, SVGRenderer]);

export { init } from 'echarts/core';
