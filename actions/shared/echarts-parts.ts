/** Replaces echarts in bundles by the parts that the charts of pipeline/report draw with. */
import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, LineChart, ScatterChart, GridComponent, SVGRenderer]);

export { init } from 'echarts/core';
