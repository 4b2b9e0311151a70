/** Prints `true` if a promotion has something to release: rows to predict (data.scoring of mlops.yaml), or a service. */
import { loadConfig } from '../../../pipeline/config/load.ts';

const { data, inference } = (await loadConfig('mlops.yaml')).config;
console.log(data.scoring !== null || inference.mode !== 'batch');
